//! The rules by name.

use std::fmt;

use serde::{Serialize, Serializer};

macro_rules! rules {
    ($( $(#[$doc:meta])* $name:ident = $id:literal, )+) => {
        /// A rule that a request can break.
        ///
        /// ```
        /// use bedrock_converse::preflight::Rule;
        ///
        /// assert_eq!(Rule::BlankText.id(), "blank-text");
        /// assert!(Rule::ALL.contains(&Rule::BlankText));
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Rule {
            $( $(#[$doc])* $name, )+
        }

        impl Rule {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The name by which tools and logs know the rule. It doesn't change between versions.
            pub fn id(self) -> &'static str {
                match self {
                    $( Self::$name => $id, )+
                }
            }
        }
    };
}

rules! {
    /// The model id is empty, too long, or has characters that no id or ARN has.
    ModelId = "model-id",
    /// The model id is none of [`LatestBedrockModelNames`](crate::LatestBedrockModelNames), in whatever geography. A
    /// warning: newer models are none of them either.
    UnknownModel = "unknown-model",
    /// Converse does not serve the model.
    NotServed = "not-served",
    /// There are neither messages nor a prompt of Prompt management.
    NoMessages = "no-messages",
    /// A prompt of Prompt management brings its own `system`, `inferenceConfig`, `toolConfig` and
    /// `additionalModelRequestFields`.
    PromptConflict = "prompt-conflict",
    /// `promptVariables` without a prompt are ignored. A warning.
    PromptVariables = "prompt-variables",
    /// `maxTokens`, `temperature` or `topP` is out of its range.
    InferenceRange = "inference-range",
    /// There are too many stop sequences, or an empty one.
    StopSequences = "stop-sequences",
    /// `requestMetadata` is empty, too large or has characters that it can't have.
    RequestMetadata = "request-metadata",
    /// `additionalModelResponseFieldPaths` has too many paths, or one that is empty or too long. A warning where one
    /// is no JSON pointer.
    ResponsePaths = "response-paths",
    /// The model can't be held to a JSON schema, as far as its profile knows. A warning.
    OutputFormat = "output-format",
    /// Another value breaks the length, range or pattern that the service model gives it.
    Constraint = "constraint",

    /// A message has no content.
    EmptyMessage = "empty-message",
    /// A text is empty or white space. A warning inside a tool's result.
    BlankText = "blank-text",
    /// The conversation doesn't begin with the user.
    FirstRole = "first-role",
    /// The conversation ends with the model. A warning: older models go on from there.
    LastRole = "last-role",
    /// Two messages of the same role follow each other.
    RoleAlternation = "role-alternation",
    /// A message has the role `system`, and the model's profile knows of none in messages. A warning.
    SystemRole = "system-role",
    /// The text that the model shall go on from ends with white space.
    TrailingWhitespace = "trailing-whitespace",

    /// The model can't call tools.
    ToolsRefused = "tools-refused",
    /// Tools are called in the messages, and `toolConfig` is missing.
    ToolConfigMissing = "tool-config-missing",
    /// `toolConfig` has no tool.
    NoTools = "no-tools",
    /// A tool's name is empty, too long, or has other characters than letters, digits, `_` and `-`.
    ToolName = "tool-name",
    /// Two tools have the same name.
    ToolNameDuplicate = "tool-name-duplicate",
    /// A tool's input schema is not the schema of an object.
    ToolSchema = "tool-schema",
    /// The tool that the model has to call is not there.
    ToolChoiceUnknown = "tool-choice-unknown",
    /// The model doesn't take `toolChoice`.
    ToolChoiceRefused = "tool-choice-refused",
    /// A model that thinks can't be made to call a tool.
    ForcedToolWithThinking = "forced-tool-with-thinking",
    /// The model doesn't take `strict`.
    StrictRefused = "strict-refused",

    /// The id of a call is empty, too long, or has other characters than letters, digits and `_.:-`.
    ToolUseId = "tool-use-id",
    /// Two calls of one turn have the same id.
    ToolUseDuplicate = "tool-use-duplicate",
    /// A call's input is not an object.
    ToolInput = "tool-input",
    /// A result's `json` is not an object.
    ToolResultJson = "tool-result-json",
    /// A result with the status `error` doesn't say what went wrong.
    ToolResultEmpty = "tool-result-empty",
    /// The model doesn't take the status of a result.
    ToolResultStatus = "tool-result-status",
    /// The model doesn't take such a medium inside a result.
    ToolResultMedia = "tool-result-media",
    /// A call has no result.
    ToolResultMissing = "tool-result-missing",
    /// A result is not in the turn that follows its call.
    ToolResultMisplaced = "tool-result-misplaced",
    /// A result answers a call that there is not.
    ToolResultUnknown = "tool-result-unknown",
    /// A call has two results.
    ToolResultDuplicate = "tool-result-duplicate",
    /// A turn has something before the results that it has to begin with.
    ToolResultsFirst = "tool-results-first",
    /// The model doesn't take such content beside a tool's result.
    ColocatedContent = "colocated-content",

    /// A document's name has other characters than letters, digits, `-`, `_`, `()`, `[]` and single spaces, or is too
    /// long.
    DocumentName = "document-name",
    /// Two documents have the same name.
    DocumentNameDuplicate = "document-name-duplicate",
    /// A message with a document has no text.
    DocumentWithoutText = "document-without-text",
    /// There are more than five documents.
    TooManyDocuments = "too-many-documents",
    /// There are more than twenty images. A warning: some models take more.
    TooManyImages = "too-many-images",
    /// The model takes no video.
    VideoRefused = "video-refused",
    /// The model doesn't read from S3. A warning for documents, which it doesn't get to see then.
    S3Refused = "s3-refused",

    /// The model doesn't take cache points there.
    CachePointRefused = "cache-point-refused",
    /// There are more than four cache points.
    CachePointLimit = "cache-point-limit",
    /// There is nothing before a cache point.
    CachePointLeading = "cache-point-leading",
    /// A cache point follows another one. A warning: it counts and does nothing.
    CachePointRepeated = "cache-point-repeated",
    /// A cache point follows reasoning.
    CachePointAfterReasoning = "cache-point-after-reasoning",
    /// A cache point follows a tool's result, and the model doesn't take it there.
    CachePointAfterToolResult = "cache-point-after-tool-result",
    /// A cache point follows a video, or a document other than a PDF.
    CachePointAfterDocument = "cache-point-after-document",
    /// A cache point lives longer than one before it, in the order tools, system, messages.
    CacheTtlOrder = "cache-ttl-order",
    /// A cache point lives longer than five minutes, which only models of Anthropic take. Not all of them do: of older ones
    /// it is not found here.
    CacheTtlRefused = "cache-ttl-refused",
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        output.serialize_str(self.id())
    }
}
