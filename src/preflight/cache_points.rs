//! Cache points: <https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html>.

use std::collections::BTreeSet;

use super::finding::Report;
use super::{Rule, messages, messages_mut, place};
use crate::profile::ModelProfile;
use crate::wire::{CachePointBlock, CacheTTL, ContentBlock, ConverseRequest, DocumentFormat, SystemContentBlock, Tool};

/// The most cache points of a request.
pub(crate) const MOST_CACHE_POINTS: usize = 4;

/// A block, as far as cache points are concerned.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Point,
    Reasoning,
    ToolResult,
    /// Refuses a cache point right behind it.
    Document,
    Other,
}

/// Where a cache point stands: at the end of tools and instructions, or in the messages.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Tools,
    System,
    Messages,
}

trait Block {
    fn kind(&self) -> Kind;
    fn point(&self) -> Option<&CachePointBlock>;
    fn point_mut(&mut self) -> Option<&mut CachePointBlock>;
}

macro_rules! block {
    ($($union:ident $(, $pattern:pat $(if $guard:expr)? => $kind:ident)* ;)+) => { $(
        impl Block for $union {
            fn kind(&self) -> Kind {
                match self.known() {
                    Self::CachePoint(_) => Kind::Point,
                    $( $pattern $(if $guard)? => Kind::$kind, )*
                    _ => Kind::Other,
                }
            }

            fn point(&self) -> Option<&CachePointBlock> {
                match self.known() {
                    Self::CachePoint(point) => Some(point),
                    _ => None,
                }
            }

            fn point_mut(&mut self) -> Option<&mut CachePointBlock> {
                match self.known_mut() {
                    Self::CachePoint(point) => Some(point),
                    _ => None,
                }
            }
        }
    )+ };
}

block! {
    Tool;
    SystemContentBlock;
    ContentBlock,
        Self::ReasoningContent(_) => Reasoning,
        Self::ToolResult(_) => ToolResult,
        Self::Video(_) => Document,
        Self::Document(document) if document.format != Some(DocumentFormat::Pdf) => Document;
}

pub(super) fn check(request: &ConverseRequest, profile: &ModelProfile, report: &mut Report) {
    let mut points = Vec::new();
    if let Some(config) = &request.tool_config {
        check_list(&config.tools, Part::Tools, |t| format!("toolConfig.tools[{t}]"), profile, &mut points, report);
    }
    let system = request.system.as_deref().unwrap_or_default();
    check_list(system, Part::System, |b| format!("system[{b}]"), profile, &mut points, report);
    for (m, message) in messages(request).iter().enumerate() {
        check_list(&message.content, Part::Messages, |b| place(m, b), profile, &mut points, report);
    }

    let found = points.len();
    for n in surplus(&points.iter().map(|(part, ..)| *part).collect::<Vec<_>>()) {
        report
            .error(
                Rule::CachePointLimit,
                points[n].1.as_str(),
                format!("a request can have {MOST_CACHE_POINTS} cache points"),
            )
            .says(format!("A maximum of 4 blocks with cache_control may be provided. Found {found}."))
            .repairable();
    }
    let mut short = false;
    for (_, path, point) in &points {
        let long = lives_longer(point);
        if long && !takes_long_lives(profile) {
            report
                .error(Rule::CacheTtlRefused, format!("{path}.ttl"), "the model keeps a cache for five minutes only")
                .says("Extended TTL prompt caching is only supported for Anthropic models.")
                .repairable();
        } else if long && short {
            let message = "a cache point can't live longer than one before it, in the order tools, system, messages";
            report
                .error(Rule::CacheTtlOrder, format!("{path}.ttl"), message)
                .says(
                    "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block. Note that \
                     blocks are processed in the following order: `tools`, `system`, `messages`.",
                )
                .repairable();
        }
        short |= !long;
    }
}

/// Whether the prefix lives longer than the five minutes that go without saying.
fn lives_longer(point: &CachePointBlock) -> bool {
    !matches!(point.ttl, None | Some(CacheTTL::FiveMinutes))
}

/// Only models of Anthropic do, and of those with a cache only they take cache points among the tools.
fn takes_long_lives(profile: &ModelProfile) -> bool {
    takes_points(Part::Tools, profile)
}

fn takes_points(part: Part, profile: &ModelProfile) -> bool {
    profile.bedrock_supports_prompt_caching && (part != Part::Tools || profile.bedrock_supports_tool_caching)
}

/// Checks the places of one list's cache points and adds those that can stay to `points`.
fn check_list<'a, T: Block>(
    blocks: &'a [T],
    part: Part,
    path: impl Fn(usize) -> String,
    profile: &ModelProfile,
    points: &mut Vec<(Part, String, &'a CachePointBlock)>,
    report: &mut Report,
) {
    for (b, point) in blocks.iter().enumerate().filter_map(|(b, block)| Some((b, block.point()?))) {
        let path = format!("{}.cachePoint", path(b));
        if !takes_points(part, profile) {
            let finding = report.error(Rule::CachePointRefused, path, "the model doesn't take a cache point here");
            if !profile.bedrock_supports_prompt_caching {
                finding.says(
                    "You invoked an unsupported model or your request did not allow prompt caching. See \
                     the documentation for more information.",
                );
            }
            finding.repairable();
            continue;
        }
        let before = b.checked_sub(1).map(|before| blocks[before].kind());
        match before {
            None => report
                .error(Rule::CachePointLeading, path.as_str(), "there is nothing before the cache point")
                .says("There is nothing available to cache. Please remove the invalid cache point and try again.")
                .repairable(),
            Some(Kind::Point) => report
                .warning(Rule::CachePointRepeated, path.as_str(), "there is nothing between two cache points")
                .repairable(),
            Some(Kind::Reasoning) => report
                .error(Rule::CachePointAfterReasoning, path.as_str(), "a cache point can't follow reasoning")
                .says(
                    "Cache point cannot be inserted after reasoning block. Please remove the invalid cache point \
                     and try again.",
                )
                .repairable(),
            Some(Kind::ToolResult) if !profile.bedrock_supports_cache_point_after_tool_result => {
                let message = "the model doesn't take a cache point right behind a tool's result";
                report.error(Rule::CachePointAfterToolResult, path.as_str(), message).repairable()
            }
            Some(Kind::Document) => {
                let message = "a cache point can't follow a video, or a document other than a PDF";
                report.error(Rule::CachePointAfterDocument, path.as_str(), message).repairable()
            }
            Some(Kind::ToolResult | Kind::Other) => {
                points.push((part, path, point));
                continue;
            }
        };
    }
}

/// Which cache points are too many: the oldest of the messages, then those of the tools and the system prompt.
fn surplus(parts: &[Part]) -> Vec<usize> {
    let in_messages = (0..parts.len()).filter(|n| parts[*n] == Part::Messages);
    let before = (0..parts.len()).filter(|n| parts[*n] != Part::Messages);
    in_messages.chain(before).take(parts.len().saturating_sub(MOST_CACHE_POINTS)).collect()
}

pub(super) fn repair(request: &mut ConverseRequest, profile: &ModelProfile) {
    if let Some(config) = &mut request.tool_config {
        place_points(&mut config.tools, Part::Tools, profile);
    }
    if let Some(system) = &mut request.system {
        place_points(system, Part::System, profile);
    }
    for message in messages_mut(request) {
        place_points(&mut message.content, Part::Messages, profile);
    }
    drop_surplus(request);
    let mut short = false;
    for point in points_mut(request) {
        if lives_longer(point) && (short || !takes_long_lives(profile)) {
            point.ttl = Some(CacheTTL::FiveMinutes);
        }
        short |= !lives_longer(point);
    }
}

/// Moves each cache point to where the service takes it, and drops those for which there is no such place.
fn place_points<T: Block>(blocks: &mut Vec<T>, part: Part, profile: &ModelProfile) {
    let taken = takes_points(part, profile);
    let after_result = profile.bedrock_supports_cache_point_after_tool_result;
    let refuses = |kind| kind == Kind::Document || (kind == Kind::ToolResult && !after_result);
    let mut placed: Vec<T> = Vec::with_capacity(blocks.len());
    // The last block that a cache point may stand behind, if it takes one.
    let mut last = None;
    for block in blocks.drain(..) {
        let kind = block.kind();
        if kind != Kind::Point {
            if !refuses(kind) {
                last = (kind != Kind::Reasoning).then_some(placed.len());
            }
            placed.push(block);
        } else if let Some(after) = last.take().filter(|_| taken) {
            placed.insert(after + 1, block);
        }
    }
    *blocks = placed;
}

fn drop_surplus(request: &mut ConverseRequest) {
    let mut parts = Vec::new();
    let mut count = |part: Part, points: usize| parts.extend(std::iter::repeat_n(part, points));
    count(
        Part::Tools,
        request.tool_config.iter().flat_map(|config| &config.tools).filter(|tool| is_point(*tool)).count(),
    );
    count(Part::System, request.system.iter().flatten().filter(|block| is_point(*block)).count());
    let blocks = messages(request).iter().flat_map(|message| &message.content);
    count(Part::Messages, blocks.filter(|block| is_point(*block)).count());

    let surplus: BTreeSet<usize> = surplus(&parts).into_iter().collect();
    let mut n = 0..;
    let mut stays = |is_point: bool| !is_point || n.next().is_none_or(|n| !surplus.contains(&n));
    if let Some(config) = &mut request.tool_config {
        config.tools.retain(|tool| stays(is_point(tool)));
    }
    if let Some(system) = &mut request.system {
        system.retain(|block| stays(is_point(block)));
    }
    for message in messages_mut(request) {
        message.content.retain(|block| stays(is_point(block)));
    }
}

fn is_point(block: &impl Block) -> bool {
    block.kind() == Kind::Point
}

/// All cache points in the order in which the service reads them.
fn points_mut(request: &mut ConverseRequest) -> impl Iterator<Item = &mut CachePointBlock> {
    let tools = request.tool_config.iter_mut().flat_map(|config| &mut config.tools).filter_map(Block::point_mut);
    let system = request.system.iter_mut().flatten().filter_map(Block::point_mut);
    let messages = request.messages.iter_mut().flatten().flat_map(|message| &mut message.content);
    tools.chain(system).chain(messages.filter_map(Block::point_mut))
}
