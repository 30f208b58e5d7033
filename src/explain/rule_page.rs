//! Holds every rule's page, as written in `assets/rules/`.

use crate::resolve::RuleId;

/// A rule's page.
#[derive(Clone, Copy, Debug)]
pub struct RulePage {
    /// The whole page, Markdown.
    pub text: &'static str,
}

impl RulePage {
    /// Returns the id and the title.
    pub fn heading(&self) -> &'static str {
        self.text.lines().next().unwrap_or_default().trim_start_matches('#').trim()
    }

    /// Returns the title, without the id.
    pub fn title(&self) -> &'static str {
        let first = self.heading();
        first.split_once(": ").map_or(first, |(_, title)| title)
    }

    /// Returns the one-line summary under the title.
    pub fn summary(&self) -> &'static str {
        self.text.lines().skip(1).find(|line| !line.trim().is_empty()).unwrap_or_default()
    }

    /// Returns the headings of the second level, each with the text under it.
    pub(crate) fn sections(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let sections = self.text.split("\n## ").skip(1);
        sections.map(|section| section.split_once('\n').map_or((section, ""), |(heading, text)| (heading, text.trim())))
    }

    /// Returns the text under a heading of the second level, without the heading.
    pub fn section(&self, heading: &str) -> Option<&'static str> {
        self.sections().find(|(known, _)| *known == heading).map(|(_, text)| text)
    }

    /// Returns the link of the example: the first line of its block.
    pub fn example(&self) -> Option<&'static str> {
        self.section("Example")?.split_once("```\n").and_then(|(_, block)| block.lines().next())
    }
}

macro_rules! pages {
    ($($rule:ident $file:literal),+ $(,)?) => {
        /// Returns the page of a rule.
        pub const fn rule_page(rule: RuleId) -> RulePage {
            match rule {
                $(RuleId::$rule => RulePage { text: include_str!(concat!("../../assets/rules/", $file, ".md")) }),+
            }
        }
    };
}

pages! {
    T1 "T1", T2 "T2", T3 "T3", T4 "T4", T5 "T5", T6 "T6", T7 "T7", T8 "T8",
    MachineType "machine-type",
    UnknownFeature "unknown-feature",
    UnknownModel "unknown-model",
    ModelUnsupported "model-unsupported",
    MsrFeatures "msr-features",
    CpuMode "cpu-mode",
    Vendor "vendor",
    StrictMatch "strict-match",
    PartialCheck "partial-check",
    ForbiddenFeature "forbidden-feature",
    UnknownProperty "unknown-property",
    QemuTooOld "qemu-too-old",
    Invtsc "invtsc",
    NestedVmx "nested-vmx",
    MigrateCommand "migrate-command",
    RestoreTransport "restore-transport",
    Conflict "conflict",
    Ht "ht",
    VmxUnknownToSource "vmx-unknown-to-source",
    VmxDisabled "vmx-disabled",
    Pdcm "pdcm",
    ArchCapabilities "arch-capabilities",
    Monitor "monitor",
    IntelPt "intel-pt",
    Pconfig "pconfig",
    Dependency "dependency",
    Extra "extra",
    Missing "missing",
    ExtraMissing "extra-missing",
    XsaveStates "xsave-states",
    FeatureLost "feature-lost",
    FeatureGained "feature-gained",
    Unlisted "unlisted",
    Passthrough "passthrough",
    SameDefinition "same-definition",
}
