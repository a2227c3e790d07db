//! What automated reasoning found: a part of the guardrail's trace.

open_enum! {
    /// The kind of a flaw.
    pub enum GuardrailAutomatedReasoningLogicWarningType {
        /// It can never be true.
        AlwaysFalse = "ALWAYS_FALSE",
        /// It can never be false.
        AlwaysTrue = "ALWAYS_TRUE",
    }
}

shape! {
    /// The claims follow from the rules.
    pub struct GuardrailAutomatedReasoningValidFinding {
        /// The text as logic.
        optional translation: GuardrailAutomatedReasoningTranslation = "translation";
        /// A case in which the claims are true.
        optional claims_true_scenario: GuardrailAutomatedReasoningScenario = "claimsTrueScenario";
        /// The rules that they follow from.
        optional supporting_rules: Vec<GuardrailAutomatedReasoningRule> = "supportingRules";
        /// A flaw in the logic.
        optional logic_warning: GuardrailAutomatedReasoningLogicWarning = "logicWarning";
    }

    /// The claims contradict the rules.
    pub struct GuardrailAutomatedReasoningInvalidFinding {
        /// The text as logic.
        optional translation: GuardrailAutomatedReasoningTranslation = "translation";
        /// The rules that speak against it.
        optional contradicting_rules: Vec<GuardrailAutomatedReasoningRule> = "contradictingRules";
        /// A flaw in the logic.
        optional logic_warning: GuardrailAutomatedReasoningLogicWarning = "logicWarning";
    }

    /// The claims may be true or false by the rules.
    pub struct GuardrailAutomatedReasoningSatisfiableFinding {
        /// The text as logic.
        optional translation: GuardrailAutomatedReasoningTranslation = "translation";
        /// A case in which the claims are true.
        optional claims_true_scenario: GuardrailAutomatedReasoningScenario = "claimsTrueScenario";
        /// A case in which they are false.
        optional claims_false_scenario: GuardrailAutomatedReasoningScenario = "claimsFalseScenario";
        /// A flaw in the logic.
        optional logic_warning: GuardrailAutomatedReasoningLogicWarning = "logicWarning";
    }

    /// The premises contradict the rules or each other.
    pub struct GuardrailAutomatedReasoningImpossibleFinding {
        /// The text as logic.
        optional translation: GuardrailAutomatedReasoningTranslation = "translation";
        /// The rules that speak against it.
        optional contradicting_rules: Vec<GuardrailAutomatedReasoningRule> = "contradictingRules";
        /// A flaw in the logic.
        optional logic_warning: GuardrailAutomatedReasoningLogicWarning = "logicWarning";
    }

    /// The text can be understood in several ways.
    pub struct GuardrailAutomatedReasoningTranslationAmbiguousFinding {
        /// The ways to understand it.
        optional options: Vec<GuardrailAutomatedReasoningTranslationOption> = "options";
        /// Cases in which these differ.
        optional difference_scenarios: Vec<GuardrailAutomatedReasoningScenario> = "differenceScenarios";
    }

    /// The text is too long or too involved.
    pub struct GuardrailAutomatedReasoningTooComplexFinding {}

    /// The text says nothing that the rules are about.
    pub struct GuardrailAutomatedReasoningNoTranslationsFinding {}

    /// A text as logic.
    pub struct GuardrailAutomatedReasoningTranslation {
        /// What is taken for granted.
        optional premises: Vec<GuardrailAutomatedReasoningStatement> = "premises";
        /// What is said.
        optional claims: Vec<GuardrailAutomatedReasoningStatement> = "claims";
        /// What is taken for granted and has no place in the logic.
        optional untranslated_premises: Vec<GuardrailAutomatedReasoningInputTextReference> = "untranslatedPremises";
        /// What is said and has no place in the logic.
        optional untranslated_claims: Vec<GuardrailAutomatedReasoningInputTextReference> = "untranslatedClaims";
        /// How sure the translation is, from 0 to 1.
        optional confidence: f64 = "confidence";
    }

    /// A statement, in logic and in words.
    pub struct GuardrailAutomatedReasoningStatement {
        /// In logic.
        optional logic: String = "logic";
        /// In words.
        optional natural_language: String = "naturalLanguage";
    }

    /// A part of the text.
    pub struct GuardrailAutomatedReasoningInputTextReference {
        /// The words.
        optional text: String = "text";
    }

    /// A rule of the policy.
    pub struct GuardrailAutomatedReasoningRule {
        /// Its id.
        optional identifier: String = "identifier";
        /// The ARN of the version of the policy that has it.
        optional policy_version_arn: String = "policyVersionArn";
    }

    /// A flaw in the logic itself, whatever the rules are.
    pub struct GuardrailAutomatedReasoningLogicWarning {
        /// Its kind.
        optional r#type: GuardrailAutomatedReasoningLogicWarningType = "type";
        /// The premises that have it.
        optional premises: Vec<GuardrailAutomatedReasoningStatement> = "premises";
        /// The claims that have it.
        optional claims: Vec<GuardrailAutomatedReasoningStatement> = "claims";
    }

    /// A case in which claims are true or false.
    pub struct GuardrailAutomatedReasoningScenario {
        /// What holds in it.
        optional statements: Vec<GuardrailAutomatedReasoningStatement> = "statements";
    }

    /// One way to understand the text.
    pub struct GuardrailAutomatedReasoningTranslationOption {
        /// The text as logic.
        optional translations: Vec<GuardrailAutomatedReasoningTranslation> = "translations";
    }
}

union! {
    /// One finding of automated reasoning.
    pub union GuardrailAutomatedReasoningFinding {
        /// The claims follow from the rules.
        Valid(GuardrailAutomatedReasoningValidFinding) = "valid";
        /// The claims contradict the rules.
        Invalid(GuardrailAutomatedReasoningInvalidFinding) = "invalid";
        /// The claims may be true or false.
        Satisfiable(GuardrailAutomatedReasoningSatisfiableFinding) = "satisfiable";
        /// The premises contradict the rules or each other.
        Impossible(GuardrailAutomatedReasoningImpossibleFinding) = "impossible";
        /// The text can be understood in several ways.
        TranslationAmbiguous(GuardrailAutomatedReasoningTranslationAmbiguousFinding) = "translationAmbiguous";
        /// The text is too long or too involved.
        TooComplex(GuardrailAutomatedReasoningTooComplexFinding) = "tooComplex";
        /// The text says nothing that the rules are about.
        NoTranslations(GuardrailAutomatedReasoningNoTranslationsFinding) = "noTranslations";
    }
}
