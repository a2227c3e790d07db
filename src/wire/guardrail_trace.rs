//! What a guardrail did: the trace of an answer.
//!
//! The service model has required members here. In this crate all are optional, so that no answer is refused for the
//! sake of its trace.

use super::{Entries, GuardrailAutomatedReasoningFinding};

open_enum! {
    /// Who asked for a guardrail.
    pub enum GuardrailOrigin {
        /// The request.
        Request = "REQUEST",
        /// The account, for all its requests.
        AccountEnforced = "ACCOUNT_ENFORCED",
        /// The organization, for all its accounts.
        OrganizationEnforced = "ORGANIZATION_ENFORCED",
    }

    /// Whose a guardrail is.
    pub enum GuardrailOwnership {
        /// The caller's account.
        OwnAccount = "SELF",
        /// Another account's.
        CrossAccount = "CROSS_ACCOUNT",
    }

    /// The kind of a topic.
    pub enum GuardrailTopicType {
        /// Denied.
        Deny = "DENY",
    }

    /// What was done about a topic.
    pub enum GuardrailTopicPolicyAction {
        /// It was blocked.
        Blocked = "BLOCKED",
        /// Nothing.
        None = "NONE",
    }

    /// The kind of a content filter.
    pub enum GuardrailContentFilterType {
        /// Insults.
        Insults = "INSULTS",
        /// Hate.
        Hate = "HATE",
        /// Sex.
        Sexual = "SEXUAL",
        /// Violence.
        Violence = "VIOLENCE",
        /// Crime and the like.
        Misconduct = "MISCONDUCT",
        /// An attempt to turn the model against its instructions.
        PromptAttack = "PROMPT_ATTACK",
    }

    /// How sure a content filter is.
    pub enum GuardrailContentFilterConfidence {
        /// Not at all.
        None = "NONE",
        /// Little.
        Low = "LOW",
        /// Middling.
        Medium = "MEDIUM",
        /// Very.
        High = "HIGH",
    }

    /// How strict a content filter is.
    pub enum GuardrailContentFilterStrength {
        /// Not at all.
        None = "NONE",
        /// Little.
        Low = "LOW",
        /// Middling.
        Medium = "MEDIUM",
        /// Very.
        High = "HIGH",
    }

    /// What was done about content.
    pub enum GuardrailContentPolicyAction {
        /// It was blocked.
        Blocked = "BLOCKED",
        /// Nothing.
        None = "NONE",
    }

    /// What was done about a word.
    pub enum GuardrailWordPolicyAction {
        /// It was blocked.
        Blocked = "BLOCKED",
        /// Nothing.
        None = "NONE",
    }

    /// The kind of one of the service's lists.
    pub enum GuardrailManagedWordType {
        /// Swear words.
        Profanity = "PROFANITY",
    }

    /// What was done about sensitive information.
    pub enum GuardrailSensitiveInformationPolicyAction {
        /// It was masked.
        Anonymized = "ANONYMIZED",
        /// It was blocked.
        Blocked = "BLOCKED",
        /// Nothing.
        None = "NONE",
    }

    /// What tells who a person is.
    pub enum GuardrailPiiEntityType {
        /// A postal address.
        Address = "ADDRESS",
        /// An age.
        Age = "AGE",
        /// An AWS access key.
        AwsAccessKey = "AWS_ACCESS_KEY",
        /// An AWS secret key.
        AwsSecretKey = "AWS_SECRET_KEY",
        /// A Canadian health number.
        CaHealthNumber = "CA_HEALTH_NUMBER",
        /// A Canadian social insurance number.
        CaSocialInsuranceNumber = "CA_SOCIAL_INSURANCE_NUMBER",
        /// A card's verification code.
        CreditDebitCardCvv = "CREDIT_DEBIT_CARD_CVV",
        /// A card's expiry date.
        CreditDebitCardExpiry = "CREDIT_DEBIT_CARD_EXPIRY",
        /// A card's number.
        CreditDebitCardNumber = "CREDIT_DEBIT_CARD_NUMBER",
        /// The number of a driver's licence.
        DriverId = "DRIVER_ID",
        /// An e-mail address.
        Email = "EMAIL",
        /// An IBAN.
        InternationalBankAccountNumber = "INTERNATIONAL_BANK_ACCOUNT_NUMBER",
        /// An IP address.
        IpAddress = "IP_ADDRESS",
        /// A licence plate.
        LicensePlate = "LICENSE_PLATE",
        /// A MAC address.
        MacAddress = "MAC_ADDRESS",
        /// A name.
        Name = "NAME",
        /// A password.
        Password = "PASSWORD",
        /// A telephone number.
        Phone = "PHONE",
        /// A PIN.
        Pin = "PIN",
        /// A SWIFT code.
        SwiftCode = "SWIFT_CODE",
        /// A British health service number.
        UkNationalHealthServiceNumber = "UK_NATIONAL_HEALTH_SERVICE_NUMBER",
        /// A British national insurance number.
        UkNationalInsuranceNumber = "UK_NATIONAL_INSURANCE_NUMBER",
        /// A British taxpayer's reference.
        UkUniqueTaxpayerReferenceNumber = "UK_UNIQUE_TAXPAYER_REFERENCE_NUMBER",
        /// A web address.
        Url = "URL",
        /// A user name.
        Username = "USERNAME",
        /// An American bank account.
        UsBankAccountNumber = "US_BANK_ACCOUNT_NUMBER",
        /// An American bank routing number.
        UsBankRoutingNumber = "US_BANK_ROUTING_NUMBER",
        /// An American taxpayer's number.
        UsIndividualTaxIdentificationNumber = "US_INDIVIDUAL_TAX_IDENTIFICATION_NUMBER",
        /// An American passport.
        UsPassportNumber = "US_PASSPORT_NUMBER",
        /// An American social security number.
        UsSocialSecurityNumber = "US_SOCIAL_SECURITY_NUMBER",
        /// A vehicle's number.
        VehicleIdentificationNumber = "VEHICLE_IDENTIFICATION_NUMBER",
    }

    /// The kind of a check.
    pub enum GuardrailContextualGroundingFilterType {
        /// Whether the answer rests on its source.
        Grounding = "GROUNDING",
        /// Whether the answer is about the question.
        Relevance = "RELEVANCE",
    }

    /// What was done about an answer without ground.
    pub enum GuardrailContextualGroundingPolicyAction {
        /// It was blocked.
        Blocked = "BLOCKED",
        /// Nothing.
        None = "NONE",
    }
}

shape! {
    /// What a guardrail did.
    pub struct GuardrailTraceAssessment {
        /// The answer as the model made it, before the guardrail.
        optional model_output: Vec<String> = "modelOutput";
        /// What was found in the input, by the id of the guardrail.
        optional input_assessment: Entries<GuardrailAssessment> = "inputAssessment";
        /// What was found in the answer, by the id of the guardrail.
        optional output_assessments: Entries<Vec<GuardrailAssessment>> = "outputAssessments";
        /// Why the guardrail stepped in, or why not.
        optional action_reason: String = "actionReason";
    }

    /// What one guardrail found in one text.
    pub struct GuardrailAssessment {
        /// Denied topics.
        optional topic_policy: GuardrailTopicPolicyAssessment = "topicPolicy";
        /// Content filters.
        optional content_policy: GuardrailContentPolicyAssessment = "contentPolicy";
        /// Word filters.
        optional word_policy: GuardrailWordPolicyAssessment = "wordPolicy";
        /// Sensitive information.
        optional sensitive_information_policy: GuardrailSensitiveInformationPolicyAssessment = "sensitiveInformationPolicy";
        /// Contextual grounding.
        optional contextual_grounding_policy: GuardrailContextualGroundingPolicyAssessment = "contextualGroundingPolicy";
        /// Automated reasoning.
        optional automated_reasoning_policy: GuardrailAutomatedReasoningPolicyAssessment = "automatedReasoningPolicy";
        /// What it cost.
        optional invocation_metrics: GuardrailInvocationMetrics = "invocationMetrics";
        /// Which guardrail it was.
        optional applied_guardrail_details: AppliedGuardrailDetails = "appliedGuardrailDetails";
    }

    /// What the denied topics found.
    pub struct GuardrailTopicPolicyAssessment {
        /// The topics.
        optional topics: Vec<GuardrailTopic> = "topics";
    }

    /// A denied topic.
    pub struct GuardrailTopic {
        /// Its name.
        optional name: String = "name";
        /// Its kind.
        optional r#type: GuardrailTopicType = "type";
        /// What was done.
        optional action: GuardrailTopicPolicyAction = "action";
        /// Whether it was found.
        optional detected: bool = "detected";
    }

    /// What the content filters found.
    pub struct GuardrailContentPolicyAssessment {
        /// The filters.
        optional filters: Vec<GuardrailContentFilter> = "filters";
    }

    /// One content filter.
    pub struct GuardrailContentFilter {
        /// Its kind.
        optional r#type: GuardrailContentFilterType = "type";
        /// How sure it is.
        optional confidence: GuardrailContentFilterConfidence = "confidence";
        /// How strict it is.
        optional filter_strength: GuardrailContentFilterStrength = "filterStrength";
        /// What was done.
        optional action: GuardrailContentPolicyAction = "action";
        /// Whether it found something.
        optional detected: bool = "detected";
    }

    /// What the word filters found.
    pub struct GuardrailWordPolicyAssessment {
        /// Words of the guardrail's own list.
        optional custom_words: Vec<GuardrailCustomWord> = "customWords";
        /// Words of the service's lists.
        optional managed_word_lists: Vec<GuardrailManagedWord> = "managedWordLists";
    }

    /// A word of the guardrail's own list.
    pub struct GuardrailCustomWord {
        /// The word.
        optional r#match: String = "match";
        /// What was done.
        optional action: GuardrailWordPolicyAction = "action";
        /// Whether it was found.
        optional detected: bool = "detected";
    }

    /// A word of one of the service's lists.
    pub struct GuardrailManagedWord {
        /// The word.
        optional r#match: String = "match";
        /// Which list has it.
        optional r#type: GuardrailManagedWordType = "type";
        /// What was done.
        optional action: GuardrailWordPolicyAction = "action";
        /// Whether it was found.
        optional detected: bool = "detected";
    }

    /// What the filters of sensitive information found.
    pub struct GuardrailSensitiveInformationPolicyAssessment {
        /// What tells who a person is.
        optional pii_entities: Vec<GuardrailPiiEntityFilter> = "piiEntities";
        /// What the patterns match.
        optional regexes: Vec<GuardrailRegexFilter> = "regexes";
    }

    /// Something that tells who a person is.
    pub struct GuardrailPiiEntityFilter {
        /// The words.
        optional r#match: String = "match";
        /// What they tell.
        optional r#type: GuardrailPiiEntityType = "type";
        /// What was done.
        optional action: GuardrailSensitiveInformationPolicyAction = "action";
        /// Whether it was found.
        optional detected: bool = "detected";
    }

    /// Something that one of the patterns matches.
    pub struct GuardrailRegexFilter {
        /// The name of the pattern.
        optional name: String = "name";
        /// The words.
        optional r#match: String = "match";
        /// The pattern.
        optional regex: String = "regex";
        /// What was done.
        optional action: GuardrailSensitiveInformationPolicyAction = "action";
        /// Whether it was found.
        optional detected: bool = "detected";
    }

    /// What contextual grounding found.
    pub struct GuardrailContextualGroundingPolicyAssessment {
        /// The checks.
        optional filters: Vec<GuardrailContextualGroundingFilter> = "filters";
    }

    /// One check of contextual grounding.
    pub struct GuardrailContextualGroundingFilter {
        /// Its kind.
        optional r#type: GuardrailContextualGroundingFilterType = "type";
        /// The score below which something is done, from 0 to 1.
        optional threshold: f64 = "threshold";
        /// The score, from 0 to 1.
        optional score: f64 = "score";
        /// What was done.
        optional action: GuardrailContextualGroundingPolicyAction = "action";
        /// Whether the score was too low.
        optional detected: bool = "detected";
    }

    /// What automated reasoning found.
    pub struct GuardrailAutomatedReasoningPolicyAssessment {
        /// The findings.
        optional findings: Vec<GuardrailAutomatedReasoningFinding> = "findings";
    }

    /// What the guardrail cost.
    pub struct GuardrailInvocationMetrics {
        /// How long it took, in milliseconds.
        optional guardrail_processing_latency: i64 = "guardrailProcessingLatency";
        /// What was billed.
        optional usage: GuardrailUsage = "usage";
        /// How much was looked at.
        optional guardrail_coverage: GuardrailCoverage = "guardrailCoverage";
    }

    /// What was billed, in units of each policy.
    pub struct GuardrailUsage {
        /// Denied topics.
        optional topic_policy_units: i64 = "topicPolicyUnits";
        /// Content filters.
        optional content_policy_units: i64 = "contentPolicyUnits";
        /// Word filters.
        optional word_policy_units: i64 = "wordPolicyUnits";
        /// Sensitive information.
        optional sensitive_information_policy_units: i64 = "sensitiveInformationPolicyUnits";
        /// Sensitive information that is free.
        optional sensitive_information_policy_free_units: i64 = "sensitiveInformationPolicyFreeUnits";
        /// Contextual grounding.
        optional contextual_grounding_policy_units: i64 = "contextualGroundingPolicyUnits";
        /// Content filters, for images.
        optional content_policy_image_units: i64 = "contentPolicyImageUnits";
        /// Automated reasoning.
        optional automated_reasoning_policy_units: i64 = "automatedReasoningPolicyUnits";
        /// How many policies of automated reasoning were used.
        optional automated_reasoning_policies: i64 = "automatedReasoningPolicies";
    }

    /// How much was looked at.
    pub struct GuardrailCoverage {
        /// Of the text.
        optional text_characters: GuardrailTextCharactersCoverage = "textCharacters";
        /// Of the images.
        optional images: GuardrailImageCoverage = "images";
    }

    /// How much of the text was looked at, in characters.
    pub struct GuardrailTextCharactersCoverage {
        /// How much was looked at.
        optional guarded: i64 = "guarded";
        /// How much there was.
        optional total: i64 = "total";
    }

    /// How many of the images were looked at.
    pub struct GuardrailImageCoverage {
        /// How much was looked at.
        optional guarded: i64 = "guarded";
        /// How much there was.
        optional total: i64 = "total";
    }

    /// Which guardrail it was.
    pub struct AppliedGuardrailDetails {
        /// Its id.
        optional guardrail_id: String = "guardrailId";
        /// Its version.
        optional guardrail_version: String = "guardrailVersion";
        /// Its ARN.
        optional guardrail_arn: String = "guardrailArn";
        /// Who asked for it.
        optional guardrail_origin: Vec<GuardrailOrigin> = "guardrailOrigin";
        /// Whose it is.
        optional guardrail_ownership: GuardrailOwnership = "guardrailOwnership";
    }
}
