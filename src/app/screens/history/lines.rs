//! Builds the lines of a history: each has a date, what changed, and a bar over the releases of libvirt or QEMU.

use super::Subject;
use super::axis::{Axes, Mark, Over};
use crate::analysis::history::{AddedMap, Change, FeatureHistory, Membership, ModelStep, Segment, TurnedOn, of_model};
use crate::domain::catalog::{Catalog, LibvirtId};
use crate::domain::feature::FeatureId;
use crate::domain::map::ModelId;
use crate::domain::order::sort_by_key;
use crate::domain::qemu::MachineId;
use crate::domain::version::Version;
use crate::export::analysis::{
    built_on_text, enabled_by_text, feature_names, machines_text, membership_text, unread_text,
};

/// The scenario that a line opens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shows {
    /// A guest that migrates from the release before a change to the release with the change; `None` if the release
    /// before does not have the model.
    Change(Option<LibvirtId>, LibvirtId),
    /// A guest with a machine type.
    Machine(MachineId),
    /// A guest that migrates from the first to the last of these QEMU releases.
    Qemu(Version, Version),
}

/// One line of the history.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Line {
    /// Whether it is about the subject, and not about the one of the other view.
    pub(crate) is_own: bool,
    pub(crate) over: Over,
    /// The release of the change; empty if nothing changed.
    pub(crate) when: String,
    /// What changed.
    pub(crate) name: String,
    /// The bar: one mark for every point of the axis.
    pub(crate) marks: Vec<Mark>,
    /// What the guest of the scenario has at its source and destination, or with its machine type.
    pub(crate) guest: String,
    /// More detail.
    pub(crate) words: String,
    pub(crate) model: ModelId,
    /// The feature that Follow opens; `None` if the line names no feature.
    pub(crate) feature: Option<FeatureId>,
    /// The scenario that Enter opens.
    pub(crate) shows: Shows,
}

impl Line {
    /// Returns whether its bar is about machine types, and not about releases.
    pub(crate) fn is_of_machines(&self) -> bool {
        matches!(self.shows, Shows::Machine(_))
    }
}

/// Makes lines over both axes, of a model and of a feature.
pub(super) struct Lines<'a> {
    pub(super) axes: Axes<'a>,
    pub(super) feature: FeatureHistory,
}

impl Lines<'_> {
    /// Returns the lines of a subject, then those of the other one that are not about both.
    pub(super) fn all(&self, subject: Subject, other: Subject) -> Vec<Line> {
        let mut all = self.of_subject(subject);
        if other != subject {
            let is_new = |line: &Line| match subject {
                Subject::Model(model) => line.model != model,
                Subject::Feature(feature) => line.feature != Some(feature),
            };
            let others = self.of_subject(other).into_iter().filter(is_new);
            all.extend(others.map(|line| Line { is_own: false, ..line }));
        }
        all
    }

    fn of_subject(&self, subject: Subject) -> Vec<Line> {
        match subject {
            Subject::Model(model) => self.of_model(model),
            Subject::Feature(feature) => self.of_feature(feature),
        }
    }

    fn of_model(&self, model: ModelId) -> Vec<Line> {
        let told = of_model(self.catalog(), model);
        let mut lines: Vec<Line> = told.steps.iter().flat_map(|step| self.of_step(model, step)).collect();
        let mut in_qemu: Vec<Line> = told.qemu.iter().map(|run| self.known_to_qemu(model, *run)).collect();
        for (feature, on) in &told.machines {
            let words = format!("QEMU enables {} with {}.", self.name(*feature), machines_text(self.catalog(), on));
            in_qemu.extend(self.of_machines((model, *feature), &words, |enabled| {
                Some(format!("{} {}", self.name(*feature), if enabled? { "enabled" } else { "disabled" }))
            }));
        }
        sort_by_key(&mut in_qemu, |line| line.when.parse::<Version>().ok());
        lines.extend(in_qemu);
        lines
    }

    fn catalog(&self) -> &Catalog {
        self.axes.catalog
    }

    fn name(&self, feature: FeatureId) -> &str {
        self.catalog().feature_name(feature)
    }

    /// Returns a line for each kind of change that a release made.
    fn of_step(&self, model: ModelId, step: &ModelStep) -> Vec<Line> {
        let Change { came, went, built_on, gained, removed, dropped, added, marked, partial_check } = &step.change;
        let built = built_on.as_ref().map(|on| format!("The definition is {}.", built_on_text(self.catalog(), on)));
        let mut texts: Vec<(String, String)> = Vec::new();
        if *came {
            texts.push(("model added".to_owned(), built.unwrap_or_default()));
        } else if let (Some(on), Some(words)) = (built_on, built) {
            let name = self.catalog().model_name(on.model);
            let what = if on.is_copy() { "a copy of" } else { "based on" };
            texts.push((format!("now {what} {name}"), words));
        }
        if *went {
            texts.push(("model removed".to_owned(), String::new()));
        }
        if *partial_check {
            let words = "Before a start, one side of this change compares the model with the CPU map, and the other queries QEMU.";
            texts.push(("partial check changed".to_owned(), words.to_owned()));
        }
        let unread = unread_text(self.catalog(), step.after, step.since).unwrap_or_default();
        let before = step.after.filter(|_| !came);
        let line = |name: String, words: &str, (marks, feature): (Vec<Mark>, Option<FeatureId>)| Line {
            is_own: true,
            over: Over::Libvirt,
            when: self.when(step.after, step.since),
            name,
            guest: feature
                .filter(|_| !marks.contains(&Mark::Changed))
                .map_or(String::new(), |f| self.axes.guest(&marks, f)),
            marks,
            words: [words, &unread].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" "),
            model,
            feature,
            shows: Shows::Change(before, step.since),
        };
        let life = self.axes.life(model, step.since);
        let mut lines: Vec<Line> =
            texts.into_iter().map(|(name, words)| line(name, &words, (life.clone(), None))).collect();
        for (features, what, words) in [
            (removed, "removed", "No longer in the model, and marked removed='yes'."),
            (dropped, "removed", "No longer in the model, and not marked removed='yes'."),
            (gained, "added", "In the model from this release on."),
            (marked, "marked removed", "Marked removed='yes', and not in the model before."),
            (added, "marked added", "Marked added='yes': QEMU always enabled it, and libvirt did not know."),
        ] {
            let Some(first) = features.first() else { continue };
            let names = feature_names(self.catalog(), features);
            let (name, words) = match features.len() {
                1 => (format!("{names} {what}"), words.to_owned()),
                2 => (format!("{} {what}", names.replace(", ", " and ")), words.to_owned()),
                many => (format!("{many} features {what}"), format!("{words} {names}.")),
            };
            let marks = if features.len() == 1 { self.axes.membership(model, *first) } else { life.clone() };
            lines.push(line(name, &words, (marks, Some(*first))));
        }
        lines
    }

    /// Returns the release of a change; `by 10.4.0` if it may be one whose map was not read.
    fn when(&self, after: Option<LibvirtId>, since: LibvirtId) -> String {
        let name = &self.catalog().release(since).name;
        if unread_text(self.catalog(), after, since).is_some() { format!("by {name}") } else { name.to_string() }
    }

    fn known_to_qemu(&self, model: ModelId, (first, last): (Version, Version)) -> Line {
        Line {
            is_own: true,
            over: Over::Qemu,
            when: first.to_string(),
            name: "model added".to_owned(),
            marks: self.axes.known_to_qemu(first.series(), last.series()),
            guest: String::new(),
            words: format!("QEMU {first} to {last} has the model."),
            model,
            feature: None,
            shows: Shows::Qemu(first, last),
        }
    }

    /// Returns a line for each version of the machine types that enables or disables a feature; `name` also gets `None`
    /// for what all of them enable.
    fn of_machines(
        &self,
        (model, feature): (ModelId, FeatureId),
        words: &str,
        name: impl Fn(Option<bool>) -> Option<String>,
    ) -> Vec<Line> {
        let (enabled, Some(machine)) = self.axes.enabled(model, feature) else { return Vec::new() };
        let mut lines = Vec::new();
        for (states, suffix) in enabled {
            let mark = |state: &Option<bool>| match state {
                None => Mark::Nothing,
                Some(true) => Mark::Has,
                Some(false) => Mark::Absent,
            };
            let marks: Vec<Mark> = states.iter().map(mark).collect();
            let known: Vec<(&str, bool)> = self
                .axes
                .qemu
                .points
                .iter()
                .map(String::as_str)
                .zip(states.iter().copied())
                .filter_map(|(point, state)| Some((point, state?)))
                .collect();
            let mut changes: Vec<(&str, Option<bool>)> = known
                .windows(2)
                .filter_map(|pair| match pair {
                    [(_, before), (point, after)] if before != after => Some((*point, Some(*after))),
                    _ => None,
                })
                .collect();
            if changes.is_empty() && known.iter().all(|(_, enables)| *enables) {
                changes.push(("", None));
            }
            lines.extend(changes.into_iter().filter_map(|(when, change)| {
                Some(Line {
                    is_own: true,
                    over: Over::Qemu,
                    when: when.to_owned(),
                    name: format!("{}{suffix}", name(change)?),
                    guest: self.axes.machine(&marks, feature),
                    marks: marks.clone(),
                    words: words.to_owned(),
                    model,
                    feature: Some(feature),
                    shows: Shows::Machine(machine),
                })
            }));
        }
        lines
    }

    fn of_feature(&self, feature: FeatureId) -> Vec<Line> {
        let told = &self.feature;
        let mut lines: Vec<((bool, LibvirtId), Line)> =
            told.models.iter().map(|(model, segments)| self.of_member((*model, feature), segments)).collect();
        // What changed comes first, in the order of the releases.
        sort_by_key(&mut lines, |(order, _)| *order);
        let mut lines: Vec<Line> = lines.into_iter().map(|(_, line)| line).collect();
        let enabled = told.turned_on.iter().filter(|on| on.accels.contains(&self.axes.accel));
        let of_machines = |on: &TurnedOn| {
            let words = format!("QEMU enables {}: {}.", self.name(feature), enabled_by_text(self.catalog(), on));
            let model = self.catalog().model_name(on.model);
            self.of_machines((on.model, feature), &words, |enabled| {
                let what = match enabled {
                    None => "always enabled",
                    Some(true) => "enabled",
                    Some(false) => "disabled",
                };
                Some(format!("{what} in {model}"))
            })
        };
        let newest = told.known.last().map(|segment| segment.last);
        let in_added = |added: &AddedMap| {
            added.models.iter().map(|change| self.in_added((feature, newest), added.map, *change)).collect::<Vec<_>>()
        };
        lines.extend(told.added.iter().flat_map(in_added));
        lines.extend(enabled.flat_map(of_machines));
        lines
    }

    /// Returns the line about a model that an added map changes from what it is in the newest release.
    fn in_added(
        &self,
        (feature, newest): (FeatureId, Option<LibvirtId>),
        map: LibvirtId,
        (model, before, now): (ModelId, Membership, Membership),
    ) -> Line {
        let (name, when) = (self.catalog().model_name(model), self.catalog().release(map).name.to_string());
        let marks = self.axes.membership(model, feature);
        Line {
            is_own: true,
            over: Over::Libvirt,
            name: format!("{} in {name}", now.name()),
            guest: self.axes.guest(&marks, feature),
            marks,
            words: format!("{name}: {} in {when}, {} in the newest release.", now.name(), before.name()),
            when,
            model,
            feature: Some(feature),
            shows: Shows::Change(newest, map),
        }
    }

    /// Returns the line about a feature in a model's map entries; before it, whether nothing changed, and the release of the
    /// last change.
    fn of_member(
        &self,
        (model, feature): (ModelId, FeatureId),
        segments: &[Segment<Membership>],
    ) -> ((bool, LibvirtId), Line) {
        let is_told = |segment: &&Segment<Membership>| segment.state != Membership::NoModel;
        // The last change between two releases that both have the model.
        let change = segments.windows(2).rev().find_map(|pair| match pair {
            [before, after] if is_told(&before) && is_told(&after) => Some((before, after)),
            _ => None,
        });
        let name = self.catalog().model_name(model);
        let first = segments.iter().find(is_told);
        let (since, before) = match change {
            Some((before, after)) => (after.first, Some(before.last)),
            None => (first.map_or(LibvirtId(0), |segment| segment.first), None),
        };
        let what = match change.map(|(before, after)| (before.state, after.state)) {
            None => format!("present in {name}"),
            Some((Membership::Has, _)) => format!("removed from {name}"),
            Some((_, Membership::Has)) => format!("added to {name}"),
            Some((_, Membership::Removed)) => format!("marked removed in {name}"),
            Some((_, Membership::Added)) => format!("marked added in {name}"),
            Some((_, Membership::Absent | Membership::Unknown | Membership::NoModel)) => format!("unmarked in {name}"),
        };
        let unread = before.and_then(|before| unread_text(self.catalog(), Some(before), since)).unwrap_or_default();
        let marks = self.axes.membership(model, feature);
        let line = Line {
            is_own: true,
            over: Over::Libvirt,
            when: self.when(before, since),
            name: what,
            guest: self.axes.guest(&marks, feature),
            marks,
            words: format!("{name}: {}. {unread}", membership_text(self.catalog(), segments)),
            model,
            feature: Some(feature),
            shows: Shows::Change(before, since),
        };
        ((change.is_none(), since), line)
    }

    /// Returns what the history shows, in one sentence.
    pub(super) fn headline(&self, subject: Subject) -> String {
        let name = subject.name(self.catalog());
        if let Subject::Model(_) = subject {
            return format!("What libvirt and QEMU changed in {name}, and at which release");
        }
        let newest = self.feature.known.last().map(|segment| segment.last);
        let release = |id| &*self.catalog().release(id).name;
        let libvirt = match self.feature.known.iter().rfind(|segment| segment.state) {
            None => "in no libvirt release that was read".to_owned(),
            Some(known) if Some(known.last) == newest => format!("in libvirt since {}", release(known.first)),
            Some(known) => format!("in libvirt from {} to {}", release(known.first), release(known.last)),
        };
        let qemu = match self.feature.in_qemu {
            Some(version) => format!("in QEMU since {version}"),
            None => "in no QEMU that was queried".to_owned(),
        };
        format!("Which models gained or lost {name}; {libvirt}, {qemu}")
    }
}
