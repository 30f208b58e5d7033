//! Writes a review as Markdown for a mailing list, as plain text or as JSON: the answer, the risks, changes that affect
//! no guest, and all other changes.

use super::format::{in_order, machines, qemus};
use crate::analysis::review::{Direction, Mentions, Review, Risk};
use crate::domain::behaviour::Regime;
use crate::domain::catalog::{Catalog, LibvirtId, ReleaseMap};
use crate::domain::definition::Policy;
use crate::domain::feature::FeatureSet;
use crate::domain::host::HostId;
use crate::domain::map::ModelId;
use crate::domain::names::{and_list, first_names};
use crate::domain::qemu::{Accel, MachineId};
use crate::export::report::wrapped;
use crate::resolve::Verdict;
use std::collections::BTreeSet;

mod changed;
mod json;

pub use json::review_json;

/// The most risks, and the most other changes, that are written; JSON has all.
const MOST_LINES: usize = 10;
/// The most names in a list that is part of a line.
const MOST_NAMES: usize = 6;

/// Returns the review as Markdown, at most 76 columns wide; `files` has the notes about the files of the new map.
pub fn review_markdown(catalog: &Catalog, review: &Review, files: &[String]) -> String {
    report(catalog, review, files, "## ", "### ")
}

/// Returns the review as plain text.
pub fn review_text(catalog: &Catalog, review: &Review, files: &[String]) -> String {
    report(catalog, review, files, "", "")
}

fn report(catalog: &Catalog, review: &Review, files: &[String], title: &str, heading: &str) -> String {
    let text = ReviewText { catalog, review };
    let (old, new) = (text.release(review.question.old), text.release(review.question.new));
    let mut out = String::new();
    wrapped(&mut out, title, &format!("CPU map review: {old} to {new}"));
    let risks = review.risks();
    out.push('\n');
    wrapped(&mut out, "", &(text.answer(&risks) + &text.undecided()));
    for sentence in text.method() {
        wrapped(&mut out, "", &sentence);
    }
    let lines = |is_meant: bool| {
        let risks: Vec<&Risk> = risks.iter().filter(|risk| risk.is_meant == is_meant).collect();
        let displayed = if risks.len() > MOST_LINES { MOST_LINES - 1 } else { MOST_LINES };
        let mut lines: Vec<String> = risks.iter().take(displayed).map(|risk| text.risk(risk)).collect();
        if let Some(rest) = risks.len().checked_sub(displayed).filter(|rest| *rest > 0) {
            lines.push(format!("{rest} more kinds; --format json lists every finding."));
        }
        lines
    };
    for (name, lines) in [
        ("At risk", lines(true)),
        ("At risk only with another setting for removed features on incoming", lines(false)),
        ("New models and features, and changes that no guest meets", text.not_met()),
        ("Also changed", text.also_changed(files)),
    ] {
        if !lines.is_empty() {
            out.push('\n');
            wrapped(&mut out, heading, name);
            out.push('\n');
            for line in &lines {
                wrapped(&mut out, "- ", line);
            }
        }
    }
    out
}

/// Returns a direction as part of a sentence.
fn way(direction: Direction) -> &'static str {
    match direction {
        Direction::OldToNew => "from old to new",
        Direction::NewToOld => "from new to old",
        Direction::WithinNew => "within new",
    }
}

struct ReviewText<'a> {
    catalog: &'a Catalog,
    review: &'a Review,
}

impl ReviewText<'_> {
    fn release(&self, id: LibvirtId) -> &str {
        &self.catalog.release(id).name
    }

    fn models(&self, models: &[ModelId]) -> String {
        first_names(models.iter().map(|model| self.catalog.model_name(*model)), MOST_NAMES)
    }

    fn features(&self, features: FeatureSet) -> String {
        let names = in_order(self.catalog, features).into_iter();
        first_names(names.map(|feature| self.catalog.feature_name(feature)), MOST_NAMES)
    }

    /// Says whether guests are at risk, and under which regime. It begins with `No` exactly if the exit code is 0.
    fn answer(&self, risks: &[Risk]) -> String {
        let like = self.release(self.review.like);
        if self.review.is_same {
            return "No guest is at risk: the two maps are equal.".to_owned();
        }
        let meant = || risks.iter().filter(|risk| risk.is_meant);
        let under_kvm = || meant().filter(|risk| !risk.is_tcg_only());
        if under_kvm().next().is_some() {
            return format!("Guests are at risk with libvirt {like}: {}.", self.harm(under_kvm()));
        }
        if meant().next().is_some() {
            return format!(
                "Guests are at risk with libvirt {like}, but only under TCG: {}. {} is at risk under KVM.",
                self.harm(meant()),
                self.no_guest()
            );
        }
        let others: Vec<String> = Regime::ALL
            .iter()
            .filter_map(|other| {
                let risks: Vec<&Risk> = risks.iter().filter(|risk| risk.regimes.contains(other)).collect();
                let only = if risks.iter().all(|risk| risk.is_tcg_only()) { "only under TCG, " } else { "" };
                let harm = (!risks.is_empty()).then(|| self.harm(risks.into_iter()))?;
                Some(format!("With {}, {only}{harm}.", other.name()))
            })
            .collect();
        if others.is_empty() {
            let nobody = self.no_guest();
            return format!("{nobody} is at risk, whatever the destination does with removed features.");
        }
        let regime = self.review.regime.name();
        format!(
            "{} is at risk with libvirt {like}, whose setting for removed features on incoming is {regime}. Other settings \
             have risks. {}",
            self.no_guest(),
            others.join(" ")
        )
    }

    /// Says how many guests have no answer, and on what they depend; empty where all have one.
    fn undecided(&self) -> String {
        let review = self.review;
        if review.undecided == 0 {
            return String::new();
        }
        let who = if review.question.distributions { "" } else { "host-model " };
        let inputs = first_names(review.undecided_by.iter().map(String::as_str), MOST_NAMES);
        format!(" {} {who}guests were not decided: they depend on {inputs}.", review.undecided)
    }

    /// Returns `No guest`, without those that were not decided.
    fn no_guest(&self) -> &'static str {
        if self.review.undecided == 0 { "No guest" } else { "No guest that was decided" }
    }

    /// Says what some risks do to how many guests, the worst first.
    #[expect(clippy::needless_pass_by_value, reason = "an iterator, which is small")]
    fn harm<'r>(&self, risks: impl Iterator<Item = &'r Risk> + Clone) -> String {
        let mut parts = Vec::new();
        for verdict in [Verdict::Aborted, Verdict::StartRefused, Verdict::Changed, Verdict::Depends] {
            let of = || risks.clone().filter(move |risk| risk.verdict == verdict);
            let models = |names_features: bool| -> BTreeSet<ModelId> {
                let is_it = |risk: &&Risk| (risk.mentions != Mentions::None) == names_features;
                of().filter(is_it).flat_map(|risk| risk.models.iter().copied()).collect()
            };
            let (plain, naming) = (models(false), models(true));
            let naming: Vec<ModelId> = naming.difference(&plain).copied().collect();
            let hosts: BTreeSet<HostId> = of().flat_map(|risk| risk.hosts.iter().copied()).collect();
            let mut who = Vec::new();
            for (models, with) in [(plain.into_iter().collect(), ""), (naming, " and some named feature")] {
                match models.as_slice() {
                    [] => {}
                    [model] => who.push(format!("guests with {}{with}", self.catalog.model_name(*model))),
                    models => who.push(format!("guests with {} models{with}", models.len())),
                }
            }
            if !hosts.is_empty() {
                who.push(self.on_hosts(hosts.len()));
            }
            if !who.is_empty() {
                let what = match verdict {
                    Verdict::Aborted => "are aborted",
                    Verdict::StartRefused => "no longer start",
                    Verdict::Changed | Verdict::Unchanged | Verdict::Never => "are changed",
                    Verdict::Depends => "may be aborted",
                };
                let directions: BTreeSet<Direction> = of().map(|risk| risk.direction).collect();
                let directions: Vec<&str> = directions.into_iter().map(way).collect();
                let who: Vec<&str> = who.iter().map(String::as_str).collect();
                parts.push(format!("{} {what} {}", and_list(&who), and_list(&directions)));
            }
        }
        parts.join("; ")
    }

    fn on_hosts(&self, hosts: usize) -> String {
        format!("host-model guests on {hosts} of {} hosts", self.catalog.hosts().len())
    }

    fn method(&self) -> Vec<String> {
        let review = self.review;
        let mut sentences = vec![format!(
            "libvirt behaves as {} with both maps. Tried from old to new, from new to old and within new: TCG, a KVM host \
             that supports every feature, and host-model on {} hosts, with QEMU {}{}.",
            self.release(review.like),
            self.catalog.hosts().len(),
            qemus(self.catalog, &review.qemu),
            if review.question.distributions { ", and the machine types of distributions on their QEMU" } else { "" },
        )];
        for id in [review.question.old, review.question.new] {
            if let ReleaseMap::Between { lower, .. } = self.catalog.release(id).map {
                let (name, lower) = (self.release(id), self.release(lower.0));
                sentences.push(format!("The map of {name} was not read: the map of {lower} is used."));
            }
        }
        if !review.sampled.is_empty() {
            sentences.push(format!(
                "The change is large: in {} models only some of the features that differ were enabled and disabled one by one.",
                review.sampled.len()
            ));
        }
        if !review.better.is_empty() {
            sentences.push(format!("Better than with the old map: guests with {}.", self.models(&review.better)));
        }
        sentences
    }

    fn risk(&self, risk: &Risk) -> String {
        let what = match risk.verdict {
            Verdict::Aborted => "Aborted",
            Verdict::StartRefused => "Start refused",
            Verdict::Changed | Verdict::Unchanged | Verdict::Never => "Changed",
            Verdict::Depends => "Depends on features of the host that are not known",
        };
        let (more, less) = if risk.verdict == Verdict::Aborted { ("extra", "missing") } else { ("gains", "loses") };
        let about = [(more, risk.more), (less, risk.less)].into_iter().filter(|(_, set)| !set.is_empty());
        let about: String =
            about.fold(String::new(), |text, (word, set)| text + &format!(", {word} {}", self.features(set)));
        let is_open = risk.verdict == Verdict::Aborted && risk.rules.is_empty();
        let about = if is_open { ", by features that depend on those of the host" } else { &about };
        let named = self.features(risk.named);
        let mention = match risk.mentions {
            Mentions::None | Mentions::HostModel => String::new(),
            Mentions::Nested(feature) => format!(" with +{}", self.catalog.feature_name(feature)),
            Mentions::Feature(Policy::Disable) => format!(" that disable one of {named}"),
            Mentions::Feature(_) => format!(" that require one of {named}"),
        };
        let mention = if risk.named.len() == 1 { mention.replace("one of ", "") } else { mention };
        let who = match risk.mentions {
            Mentions::HostModel => {
                let hosts = risk.hosts.iter().map(|host| &*self.catalog.host(*host).name);
                format!("host-model on {}", first_names(hosts, 3))
            }
            _ => format!("{}{mention}", self.models(&risk.models)),
        };
        let mut conditions = vec![risk.direction.name().to_owned()];
        if risk.regimes.len() < Regime::ALL.len() {
            let names: Vec<&str> = risk.regimes.iter().map(|regime| regime.name()).collect();
            conditions.push(format!("removed features on incoming: {}", names.join(", ")));
        }
        if risk.is_tcg_only() {
            conditions.push("only under TCG".to_owned());
        } else if risk.accels == [Accel::Kvm] && risk.mentions != Mentions::HostModel {
            conditions.push("only under KVM".to_owned());
        }
        if risk.mentions != Mentions::HostModel {
            let is_upstream = |machine: &MachineId| self.catalog.position(*machine).is_some();
            let (upstream, others): (Vec<_>, Vec<_>) = risk.machines.iter().partition(|machine| is_upstream(machine));
            if !upstream.is_empty() && upstream != self.every_machine(risk) {
                conditions.push(machines(self.catalog, &upstream));
            }
            if !others.is_empty() {
                let also = if upstream.is_empty() { "" } else { "also " };
                let names = others.iter().map(|machine| self.catalog.machine_name(*machine));
                conditions.push(format!("{also}{}", first_names(names, MOST_NAMES)));
            }
        }
        if risk.qemu != self.review.qemu {
            conditions.push(format!("QEMU {}", qemus(self.catalog, &risk.qemu)));
        }
        let rules: Vec<&str> = risk.rules.iter().map(|rule| rule.name()).collect();
        let rules = if rules.is_empty() { String::new() } else { format!(" (rule {})", and_list(&rules)) };
        format!("{what}{about}: {who}; {}{rules}.", conditions.join("; "))
    }

    /// Every machine type that one of the QEMU releases of a risk has.
    fn every_machine(&self, risk: &Risk) -> Vec<MachineId> {
        let views: Vec<_> = risk.qemu.iter().flat_map(|version| self.catalog.qemu_views(*version)).collect();
        let is_there = |machine: &&MachineId| {
            views.iter().any(|view| view.has_machine(**machine, self.catalog.machine_name(**machine)))
        };
        self.catalog.qemu_defaults().machines.iter().filter(is_there).copied().collect()
    }
}
