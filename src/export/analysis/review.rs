//! Writes a review: Markdown fit for a mailing list, plain text, JSON. First the answer in one sentence, then what is at
//! risk, then changes that no guest meets, then everything else that changed.

use super::format::{in_order, machines, names, qemus};
use crate::analysis::review::{Change, Mark, What};
use crate::analysis::review::{Direction, Removed, Review, Who};
use crate::analysis::review::{Mentions, Risk};
use crate::domain::behaviour::Regime;
use crate::domain::catalog::{Catalog, LibvirtId, ReleaseMap};
use crate::domain::definition::Policy;
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::map::ModelId;
use crate::domain::names::{and_list, first_names};
use crate::domain::qemu::{Accel, MachineId};
use crate::export::report::wrapped;
use crate::resolve::Verdict;

mod json;

pub use json::review_json;

/// The most risks, and the most other changes, that are written; JSON has all.
const MOST_LINES: usize = 10;
/// The most names in a list that is part of a line.
const MOST_NAMES: usize = 6;
/// The most new models, and the most new features, that are named.
const MOST_NEW: usize = 20;
/// The most lines about features added to models.
const MOST_ADDED: usize = 4;

/// Returns the review as Markdown, at most 76 columns wide; `files` is what the files of the new map say beside it.
pub fn review_markdown(catalog: &Catalog, review: &Review, files: &[String]) -> String {
    report(catalog, review, files, "## ", "### ")
}

/// Returns the review as plain text.
pub fn review_text(catalog: &Catalog, review: &Review, files: &[String]) -> String {
    report(catalog, review, files, "", "")
}

fn report(catalog: &Catalog, review: &Review, files: &[String], title: &str, heading: &str) -> String {
    let words = Words { catalog, review };
    let (old, new) = (words.release(review.question.old), words.release(review.question.new));
    let mut out = String::new();
    wrapped(&mut out, title, &format!("CPU map review: {old} to {new}"));
    let risks = review.risks();
    out.push('\n');
    wrapped(&mut out, "", &words.answer(&risks));
    for sentence in words.method() {
        wrapped(&mut out, "", &sentence);
    }
    let rest = risks.len().saturating_sub(MOST_LINES);
    let shown = if rest > 0 { MOST_LINES - 1 } else { MOST_LINES };
    let mut lines: Vec<String> = risks.iter().take(shown).map(|risk| words.risk(risk)).collect();
    if let Some(rest) = risks.len().checked_sub(shown).filter(|rest| *rest > 0) {
        lines.push(format!("{rest} more kinds; --format json lists every finding."));
    }
    for (name, lines) in [
        ("At risk", lines),
        ("Changes that no guest meets", words.not_met()),
        ("Also changed", words.also_changed(files)),
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

struct Words<'a> {
    catalog: &'a Catalog,
    review: &'a Review,
}

impl Words<'_> {
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

    /// Can the problematic case happen, and under which regime?
    fn answer(&self, risks: &[Risk]) -> String {
        let like = self.release(self.review.like);
        let regime = self.review.regime;
        if self.review.is_same {
            return "No: the two maps are equal.".to_owned();
        }
        let meant = || risks.iter().filter(|risk| risk.is_meant);
        let under_kvm = || meant().filter(|risk| !risk.is_tcg_only());
        if under_kvm().next().is_some() {
            return format!("Yes: {}, if libvirt behaves as {like}.", self.harm(under_kvm()));
        }
        if meant().next().is_some() {
            return format!(
                "Only under TCG: {}, if libvirt behaves as {like}. Under KVM nothing is worse.",
                self.harm(meant())
            );
        }
        let others: Vec<String> = Regime::ALL
            .iter()
            .filter_map(|other| {
                let risks: Vec<&Risk> = risks.iter().filter(|risk| risk.regimes.contains(other)).collect();
                let only = if risks.iter().all(|risk| risk.is_tcg_only()) { "only under TCG, " } else { "" };
                let harm = (!risks.is_empty()).then(|| self.harm(risks.into_iter()))?;
                Some(format!("with {}, {only}{harm}", other.name()))
            })
            .collect();
        if others.is_empty() {
            return "No: no guest has a worse outcome than with the old map, whatever the destination does with removed \
                    features."
                .to_owned();
        }
        format!(
            "Not if libvirt behaves as {like}: its setting for removed features on incoming is {}. But {}.",
            regime.name(),
            others.join("; ")
        )
    }

    /// Says what the first and worst of some risks do to how many guests.
    #[expect(clippy::needless_pass_by_value, reason = "an iterator, which is small")]
    fn harm<'r>(&self, risks: impl Iterator<Item = &'r Risk> + Clone) -> String {
        let mut parts = Vec::new();
        for verdict in [Verdict::Aborted, Verdict::StartRefused, Verdict::Changed, Verdict::Depends] {
            let of = || risks.clone().filter(move |risk| risk.verdict == verdict);
            let mut models: Vec<ModelId> = of().flat_map(|risk| risk.models.iter().copied()).collect();
            models.sort_unstable();
            models.dedup();
            let mut hosts: Vec<_> = of().flat_map(|risk| risk.hosts.iter().copied()).collect();
            hosts.sort_unstable();
            hosts.dedup();
            let mut who = Vec::new();
            match models.as_slice() {
                [] => {}
                [model] => who.push(format!("guests with {}", self.catalog.model_name(*model))),
                models => who.push(format!("guests with {} models", models.len())),
            }
            if !hosts.is_empty() {
                who.push(format!(
                    "host-model guests on {} of {} hosts",
                    hosts.len(),
                    self.catalog.recorded_hosts().count()
                ));
            }
            if !who.is_empty() {
                let what = match verdict {
                    Verdict::Aborted => "are aborted",
                    Verdict::StartRefused => "no longer start",
                    Verdict::Changed | Verdict::Unchanged | Verdict::Never => "are changed",
                    Verdict::Depends => "may be aborted",
                };
                let mut directions: Vec<&str> = of().map(|risk| risk.direction.name()).collect();
                directions.sort_unstable();
                directions.dedup();
                parts.push(format!("{} {what} {}", who.join(" and "), and_list(&directions)));
            }
        }
        parts.join(", ")
    }

    fn method(&self) -> Vec<String> {
        let review = self.review;
        let mut sentences = vec![format!(
            "libvirt behaves as {} with both maps. Tried from old to new, from new to old and within new: TCG, a KVM host \
             that supports every feature, and host-model on {} hosts, with QEMU {}{}.",
            self.release(review.like),
            self.catalog.recorded_hosts().count(),
            qemus(self.catalog, &review.qemu),
            if review.question.distributions { ", and the machine types of distributions on their QEMU" } else { "" },
        )];
        for id in [review.question.old, review.question.new] {
            if let ReleaseMap::Between { lower, .. } = self.catalog.release(id).map {
                let (name, lower) = (self.release(id), self.release(lower.0));
                sentences.push(format!("The map of {name} was not read: the map of {lower} stands for it."));
            }
        }
        if review.undecided > 0 {
            let (who, also) =
                if review.question.distributions { ("", ", or what a package changes") } else { ("host-model ", "") };
            sentences.push(format!(
                "{} {who}guests were not decided: it is unknown which vmx features their hosts support{also}.",
                review.undecided
            ));
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
            Verdict::Depends => "Depends on vmx features of the host that are not known",
        };
        let (more, less) = if risk.verdict == Verdict::Aborted { ("extra", "missing") } else { ("gains", "loses") };
        let about = [(more, risk.more), (less, risk.less)].into_iter().filter(|(_, set)| !set.is_empty());
        let about: String =
            about.fold(String::new(), |text, (word, set)| text + &format!(", {word} {}", self.features(set)));
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
        let direction = match risk.direction {
            Direction::OldToNew => "old to new",
            Direction::NewToOld => "new to old",
            Direction::WithinNew => "within new",
        };
        let mut conditions = vec![direction.to_owned()];
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
            let is_upstream = |machine: &MachineId| self.catalog.qemu_defaults().position(*machine).is_some();
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

    fn not_met(&self) -> Vec<String> {
        let changes = &self.review.changes;
        let mut lines = Vec::new();
        if !changes.models_new.is_empty() {
            let names = changes.models_new.iter().map(|model| self.catalog.model_name(*model));
            lines.push(format!("New models ({}): {}.", changes.models_new.len(), first_names(names, MOST_NEW)));
        }
        if !changes.features_new.is_empty() {
            let names = changes.features_new.iter().map(|feature| self.catalog.feature_name(*feature));
            let many = changes.features_new.len();
            lines.push(format!("New features ({many}): {}.", first_names(names, MOST_NEW)));
        }
        lines.extend(self.no_return());
        let mut unmet: Vec<(FeatureId, bool, Vec<ModelId>)> = Vec::new();
        for removed in self.review.removed.iter().filter(|removed| removed.machines.is_empty()) {
            match unmet.iter_mut().find(|(feature, listed, _)| (*feature, *listed) == (removed.feature, removed.listed))
            {
                Some((.., models)) => models.push(removed.model),
                None => unmet.push((removed.feature, removed.listed, vec![removed.model])),
            }
        }
        for (feature, listed, models) in unmet {
            let mark = if listed { "" } else { " without a mark" };
            lines.push(format!(
                "{} was removed{mark} from {}, where no tried QEMU enables it by default{}.",
                self.catalog.feature_name(feature),
                self.models(&models),
                self.unread_qemu()
            ));
        }
        fold(lines)
    }

    /// Which of the tried QEMU releases the facts do not have models of.
    fn unread_qemu(&self) -> String {
        let first = self.catalog.decisions().first_qemu;
        let any = self.review.qemu.iter().any(|qemu| *qemu < first);
        if any { format!("; the models of QEMU before {first} were not read") } else { String::new() }
    }

    /// Guests that have a new feature already, because libvirt or QEMU enables it for them.
    fn no_return(&self) -> Option<String> {
        let (mut hosts, mut models) = (0, Vec::new());
        for who in &self.review.no_return {
            match who {
                Who::HostModel(_) => hosts += 1,
                Who::Model(model, _) => models.push(*model),
            }
        }
        models.dedup();
        let mut who = Vec::new();
        if !models.is_empty() {
            who.push(format!("guests with {}", self.models(&models)));
        }
        if hosts > 0 {
            who.push(format!("host-model guests on {hosts} of {} hosts", self.catalog.recorded_hosts().count()));
        }
        let subject = if who.is_empty() { return None } else { who.join(", and ") };
        Some(format!(
            "A guest that has a new feature or model cannot go back to the old map. After a start with the new map these \
             can have one: {subject}."
        ))
    }

    fn also_changed(&self, files: &[String]) -> Vec<String> {
        let changes = &self.review.changes;
        let mut lines: Vec<String> = files.to_vec();
        if !changes.models_gone.is_empty() {
            lines.push(format!("Models that are gone: {}.", self.models(&changes.models_gone)));
        }
        if !changes.features_gone.is_empty() {
            let names = names(self.catalog, changes.features_gone.iter().copied());
            lines.push(format!("Features that are no longer defined: {names}."));
        }
        lines.extend(self.still_enabled());
        for (one, other) in &changes.shared_bits {
            let [one, other] = [one, other].map(|feature| self.catalog.feature_name(*feature));
            lines.push(format!("{one} and {other} have a bit in common."));
        }
        for feature in &changes.several_bits {
            lines.push(format!("{} has more than one bit.", self.catalog.feature_name(*feature)));
        }
        let mut added: Vec<(&[FeatureId], &[FeatureId], Vec<ModelId>)> = Vec::new();
        for (model, unmarked, marked) in &changes.added {
            match added.iter_mut().find(|(one, other, _)| (*one, *other) == (unmarked, marked)) {
                Some((.., models)) => models.push(*model),
                None => added.push((unmarked, marked, vec![*model])),
            }
        }
        // A change of every model at once is told in one line.
        if added.len() > MOST_ADDED && added.iter().all(|(unmarked, ..)| unmarked.is_empty()) {
            let features = added.iter().flat_map(|(_, marked, _)| marked.iter().copied()).collect();
            let models: Vec<ModelId> = changes.added.iter().map(|(model, ..)| *model).collect();
            lines.push(format!(
                "Features marked as added in {} models, such as {}: {}.",
                models.len(),
                first_names(models.iter().take(2).map(|model| self.catalog.model_name(*model)), 2),
                self.features(features)
            ));
            added.clear();
        }
        for (unmarked, marked, models) in added {
            let features = |features: &[FeatureId]| self.features(features.iter().copied().collect());
            let parts =
                [("", unmarked), ("marked as added: ", marked)].into_iter().filter(|(_, list)| !list.is_empty());
            let parts: Vec<String> = parts.map(|(word, list)| format!("{word}{}", features(list))).collect();
            lines.push(format!("Features added to {}: {}.", self.models(&models), parts.join("; ")));
        }
        let mut marks: Vec<(Mark, &[FeatureId], Vec<ModelId>)> = Vec::new();
        for (model, mark, features) in &changes.marks {
            match marks.iter_mut().find(|(known, list, _)| (known, *list) == (mark, features.as_slice())) {
                Some((.., models)) => models.push(*model),
                None => marks.push((*mark, features, vec![*model])),
            }
        }
        for (mark, features, models) in marks {
            let features = self.features(features.iter().copied().collect());
            lines.push(format!("Features {} in {}: {features}.", mark.name(), self.models(&models)));
        }
        let mut other: Vec<(&Change, Vec<&str>)> = Vec::new();
        for change in &changes.other {
            let is_same = |known: &Change| {
                (known.what, &known.before, &known.after) == (change.what, &change.before, &change.after)
            };
            match other.iter_mut().find(|(known, _)| is_same(known)) {
                Some((_, names)) => names.push(&change.name),
                None => other.push((change, vec![&change.name])),
            }
        }
        for (change, who) in other {
            let names = first_names(who, MOST_NAMES);
            lines.push(format!("{}, {names}: {}.", capital(change.what.name()), difference(change)));
        }
        if changes.reordered {
            lines.push("The features are in another order, which reorders the lists in libvirt's messages.".to_owned());
        }
        fold(lines)
    }

    /// Features that were removed from models in which QEMU still enables them.
    fn still_enabled(&self) -> Vec<String> {
        let mut groups: Vec<(&Removed, Vec<ModelId>)> = Vec::new();
        for removed in self.review.removed.iter().filter(|removed| !removed.machines.is_empty()) {
            let is_same = |known: &Removed| {
                (known.feature, known.listed, &known.accels, &known.machines, &known.qemu)
                    == (removed.feature, removed.listed, &removed.accels, &removed.machines, &removed.qemu)
            };
            match groups.iter_mut().find(|(known, _)| is_same(known)) {
                Some((_, models)) => models.push(removed.model),
                None => groups.push((removed, vec![removed.model])),
            }
        }
        let one = |(removed, models): (&Removed, Vec<ModelId>)| {
            let mark = if removed.listed { "" } else { " without a mark" };
            let only = if removed.accels == [Accel::Tcg] { ", only under TCG," } else { "" };
            format!(
                "{} was removed{mark} from {}, where QEMU {} enables it{only} with {}.",
                self.catalog.feature_name(removed.feature),
                self.models(&models),
                qemus(self.catalog, &removed.qemu),
                machines(self.catalog, &removed.machines)
            )
        };
        groups.into_iter().map(one).collect()
    }
}

/// Keeps the first lines and counts the rest.
fn fold(mut lines: Vec<String>) -> Vec<String> {
    const MOST: usize = MOST_LINES + 4;
    if lines.len() > MOST {
        let rest = lines.len() - (MOST - 1);
        lines.truncate(MOST - 1);
        lines.push(format!("{rest} more; --format json lists all."));
    }
    lines
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Says what a change is: of signatures only what came and went, of the rest both values.
fn difference(change: &Change) -> String {
    let none = |text: &str| if text.is_empty() { "none".to_owned() } else { text.to_owned() };
    if change.what != What::Signatures || change.before.is_empty() || change.after.is_empty() {
        return format!("{} instead of {}", none(&change.after), none(&change.before));
    }
    let only = |one: &str, other: &str, sign: &str| -> Vec<String> {
        let known: Vec<&str> = other.split(' ').collect();
        one.split(' ').filter(|part| !known.contains(part)).map(|part| format!("{sign} {part}")).collect()
    };
    let mut parts = only(&change.after, &change.before, "added");
    parts.extend(only(&change.before, &change.after, "removed"));
    if parts.is_empty() { "in another order".to_owned() } else { parts.join(", ") }
}
