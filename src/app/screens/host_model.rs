//! Keeps the state of the screen about host-model: the host, the release, the CPU that libvirt puts in place of
//! host-model there, and the models that it could have chosen.

use super::{Hint, ScreenContext, ScreenResponse, ScreenState, Target};
use crate::analysis::matrix::Side;
use crate::analysis::space::releases;
use crate::app::action::Action;
use crate::app::choice::libvirt_name;
use crate::app::effect::Effect;
use crate::app::list::{List, PAGE, lines_moved};
use crate::app::overlay::Overlay;
use crate::app::picker::{Item, Pick, Picker};
use crate::domain::catalog::{Catalog, LibvirtId};
use crate::domain::definition::Mode;
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::host::{Host, HostId};
use crate::domain::qemu::Accel;
use crate::domain::scenario::{CpuChoice, HostChoice, LibvirtChoice, Release, Scenario, write_host};
use crate::export::analysis::{expansion_reason, not_asked_text, rejections_text, score_text};
use crate::export::{Around, cpu_xml, expansion_argument};
use crate::resolve::host_model::Candidate;
use crate::resolve::{PossibleExpansion, expansions, not_asked_for_host_model};

/// One model that libvirt could have chosen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Row {
    /// The name of the model.
    pub(crate) name: String,
    /// Whether libvirt chose it.
    pub(crate) is_chosen: bool,
    /// What it costs to describe the host by it; the lower one wins.
    pub(crate) score: usize,
    /// Whether it has the host's family and model number.
    pub(crate) has_signature: bool,
    /// How many features libvirt would require, and how many it would disable.
    pub(crate) counts: (usize, usize),
    /// How the score comes about; then the features in addition to the model: what is done with them, and their names.
    pub(crate) features: Vec<(&'static str, String)>,
}

/// The state of the screen.
#[derive(Clone, Debug)]
pub struct HostModel {
    /// The side whose libvirt and QEMU are asked.
    side: Side,
    /// The release that was picked in place of the side's.
    picked: Option<Release>,
    host: HostChoice,
    /// The possible results, the likeliest first; empty if there is none.
    pub(crate) found: Vec<PossibleExpansion>,
    /// The index of the displayed result.
    pub(crate) index: usize,
    /// The models that libvirt could have chosen, the best first.
    pub(crate) listed: List<Row>,
    /// What the screen shows, in one sentence.
    pub(crate) headline: String,
    /// Why the first candidate was chosen, or what is not known.
    pub(crate) reason: String,
    /// Whether the open list is that of releases.
    picks_release: bool,
}

impl HostModel {
    /// Returns the initial state: the source, with its host, else with the first host of the model's vendor.
    pub(crate) fn open(context: &ScreenContext<'_>) -> Self {
        let mut state = Self {
            side: Side::Source,
            picked: None,
            host: HostChoice::Capable,
            found: Vec::new(),
            index: 0,
            listed: List::default(),
            headline: String::new(),
            reason: String::new(),
            picks_release: false,
        };
        state.host = host_of(context, &context.scenario.from_host);
        state.expand(context);
        state
    }

    /// Returns the displayed result; `None` if no model describes the host.
    pub(crate) fn displayed(&self) -> Option<&PossibleExpansion> {
        self.found.get(self.index)
    }

    /// Returns QEMU's command line for the guest, as it can be pasted; empty if no model describes the host.
    pub(crate) fn argument(&self, catalog: &Catalog) -> String {
        let argument =
            |displayed: &PossibleExpansion| format!("-cpu {}", expansion_argument(catalog, &displayed.guest));
        self.displayed().map(argument).unwrap_or_default()
    }

    /// Returns the CPU definition that libvirt writes for the guest, line by line.
    pub(crate) fn definition(&self, catalog: &Catalog, scenario: &Scenario) -> Vec<String> {
        let libvirt = self.release(scenario).libvirt.id(catalog);
        let check = libvirt.is_some_and(|id| catalog.behaviour(catalog.release(id).version).0.live_update);
        let around = Around { topology: None, check, vendor_id: None };
        self.displayed().map(|displayed| cpu_xml(catalog, &displayed.guest.definition, around)).unwrap_or_default()
    }

    /// Returns how many models were not possible, and why; empty if all were.
    pub(crate) fn rejections(&self) -> String {
        self.displayed().and_then(|displayed| rejections_text(&displayed.guest.decoded)).unwrap_or_default()
    }

    fn release<'a>(&'a self, scenario: &'a Scenario) -> &'a Release {
        let of_side = match self.side {
            Side::Source => &scenario.from,
            Side::Destination => &scenario.to,
        };
        self.picked.as_ref().unwrap_or(of_side)
    }

    fn expand(&mut self, context: &ScreenContext<'_>) {
        let (catalog, release) = (context.catalog, self.release(context.scenario).clone());
        let tcg = context.scenario.accel == Accel::Tcg;
        let (from, from_host) = (release.clone(), self.host.clone());
        let start = Scenario { from, from_host, started: None, running: None, ..context.scenario.clone() };
        let not_asked = not_asked_for_host_model(catalog, &start);
        self.found = if not_asked.is_none() { expansions(catalog, &start) } else { Vec::new() };
        self.index = self.index.min(self.found.len().saturating_sub(1));
        self.list(catalog);
        let host = if tcg { "TCG".to_owned() } else { write_host(catalog, &self.host) };
        self.headline = match (self.displayed(), not_asked) {
            (Some(displayed), _) => {
                let model = catalog.model_name(displayed.guest.decoded.model);
                let many = displayed.guest.definition.features.iter().count();
                let result = match self.found.len() {
                    0 | 1 => String::new(),
                    count => format!(", result {} of {count}", self.index + 1),
                };
                format!("host-model on {host}: {model} and {many} features{result}")
            }
            (None, Some(why)) => format!("host-model on {host}: unknown, because {}", not_asked_text(why)),
            (None, None) => format!("host-model on {host}: no CPU model describes this host"),
        };
        let whose = self.whose(context);
        let on = format!("{whose} libvirt {} with QEMU {}.", libvirt_name(catalog, &release), release.qemu.name());
        self.reason = format!("{on} {}", self.explain(catalog, &release, start.feature));
    }

    /// Returns whether the guest of the scenario gets this CPU.
    fn whose(&self, context: &ScreenContext<'_>) -> String {
        let scenario = context.scenario;
        if scenario.cpu != CpuChoice::Mode(Mode::HostModel) {
            return format!("This guest uses {}, not host-model.", scenario.cpu_name(context.catalog));
        }
        let (side, host) = match self.side {
            Side::Source => ("source", &scenario.from_host),
            Side::Destination => ("destination", &scenario.to_host),
        };
        if self.picked.is_none() && (*host == self.host || scenario.accel == Accel::Tcg) {
            format!("This is what a start at the {side} gives this guest.")
        } else {
            "This guest uses host-model, on another host or release.".to_owned()
        }
    }

    fn explain(&self, catalog: &Catalog, release: &Release, feature: FeatureId) -> String {
        let Some(displayed) = self.displayed() else { return String::new() };
        let mut said = Vec::new();
        if self.found.len() > 1 {
            said.push(format!("Assumed for this result: {}.", displayed.assumptions.join("; ")));
        }
        said.push(expansion_reason(catalog, &displayed.guest.decoded));
        if release.libvirt == LibvirtChoice::New {
            let base = release.libvirt.id(catalog).map_or("", |id| &*catalog.release(id).name);
            let feature = catalog.feature_name(feature);
            said.push(format!("The release new is hypothetical: the CPU map of {base} without {feature}."));
        }
        said.join(" ")
    }

    fn list(&mut self, catalog: &Catalog) {
        let mut rows: Vec<Row> = match self.displayed() {
            Some(displayed) => {
                displayed.guest.decoded.candidates.iter().map(|one| row(catalog, displayed, one)).collect()
            }
            None => Vec::new(),
        };
        rows.sort_by(|one, other| {
            (!one.is_chosen, one.score, &one.name).cmp(&(!other.is_chosen, other.score, &other.name))
        });
        self.listed.fill(rows);
        self.listed.go(0);
    }

    fn step_host(&mut self, context: &ScreenContext<'_>, forward: bool) -> ScreenResponse {
        if context.scenario.accel == Accel::Tcg {
            return ScreenResponse::Say("Under TCG the host does not matter.".to_owned());
        }
        let count = context.catalog.hosts().len();
        let index = match &self.host {
            HostChoice::Listed(HostId(number)) => usize::from(*number),
            HostChoice::Capable | HostChoice::Given(_) | HostChoice::Any | HostChoice::Unknown => 0,
        };
        let next = if forward { index + 1 } else { index + count - 1 } % count.max(1);
        self.host = HostChoice::Listed(HostId(u16::try_from(next).unwrap_or(0)));
        self.expand(context);
        ScreenResponse::Done
    }

    fn hosts(&self, catalog: &Catalog) -> Picker {
        let items = (0u16..).zip(catalog.hosts()).map(|(number, host)| Item {
            detail: host.vendor.name().to_owned(),
            current: self.host == HostChoice::Listed(HostId(number)),
            ..Item::new(&*host.name, Pick::OfScreen(usize::from(number)))
        });
        Picker::new("Host".to_owned(), None, items.collect())
    }

    fn releases(&self, context: &ScreenContext<'_>) -> Picker {
        let catalog = context.catalog;
        let LibvirtId(current) = self.release(context.scenario).libvirt.id(catalog).unwrap_or(LibvirtId(u16::MAX));
        let names = releases(catalog).map(|id| (id.0, catalog.release(id).name.to_string()));
        Picker::of_screen("libvirt release", current, names)
    }

    /// Opens the explorer with a guest of mode host-model on this host.
    fn visit(&self, context: &ScreenContext<'_>) -> ScreenResponse {
        let mut scenario =
            Scenario { cpu: CpuChoice::Mode(Mode::HostModel), running: None, ..context.scenario.clone() };
        for (host, side) in [(&mut scenario.from_host, Side::Source), (&mut scenario.to_host, Side::Destination)] {
            if side == self.side || *host == HostChoice::Capable {
                *host = self.host.clone();
            }
        }
        if let Some(picked) = &self.picked {
            match self.side {
                Side::Source => scenario.from = picked.clone(),
                Side::Destination => scenario.to = picked.clone(),
            }
        }
        ScreenResponse::Visit(Box::new(scenario))
    }
}

fn row(catalog: &Catalog, displayed: &PossibleExpansion, candidate: &Candidate) -> Row {
    let is_chosen = displayed.guest.decoded.model == candidate.model;
    let names = |set: FeatureSet| -> Vec<&str> { set.iter().map(|feature| catalog.feature_name(feature)).collect() };
    let written = |on: bool| -> Vec<&str> {
        let features = displayed.guest.definition.features.iter().filter(|(_, policy)| policy.is_on() == on);
        features.map(|(feature, _)| catalog.feature_name(feature)).collect()
    };
    // Of the chosen one the features stand as in the guest's definition.
    let (on, off) = if is_chosen {
        (written(true), written(false))
    } else {
        (names(candidate.enabled), names(candidate.disabled | candidate.removed))
    };
    let groups = [("require", on), ("disable", off), ("blocked", names(candidate.blockers))];
    let features = groups.into_iter().filter(|(_, names)| !names.is_empty());
    let features = features.map(|(what, names)| (what, names.join(", ")));
    Row {
        name: catalog.model_name(candidate.model).to_owned(),
        is_chosen,
        score: candidate.score.total,
        has_signature: candidate.signature_matches,
        counts: (candidate.enabled_count(), candidate.disabled_count()),
        features: std::iter::once(("score", score_text(candidate))).chain(features).collect(),
    }
}

/// Returns the host of a side; else the other side's; else of the listed ones with what the guest's model has, the one
/// with the fewest additional features.
fn host_of(context: &ScreenContext<'_>, of_side: &HostChoice) -> HostChoice {
    if matches!(of_side, HostChoice::Listed(_) | HostChoice::Given(_)) {
        return of_side.clone();
    }
    let (catalog, scenario) = (context.catalog, context.scenario);
    if let HostChoice::Listed(_) | HostChoice::Given(_) = &scenario.to_host {
        return scenario.to_host.clone();
    }
    let model = scenario.model().or(Scenario::default_of(catalog).model());
    let vendor = model.and_then(|model| catalog.vendor(model));
    let wanted = context.derived.answer.trace.as_ref().and_then(|trace| trace.start.cpu.as_ref()).map(|cpu| cpu.on);
    let far = |host: &Host| {
        let lacks = wanted.map_or(0, |wanted| (wanted - host.features).iter().count());
        (Some(host.vendor) != vendor, lacks, host.features.iter().count())
    };
    let nearest = (0u16..).zip(catalog.hosts()).min_by_key(|(_, host)| far(host));
    HostChoice::Listed(HostId(nearest.map_or(0, |(number, _)| number)))
}

impl ScreenState for HostModel {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the program handles every other action")]
    fn update(&mut self, context: &ScreenContext<'_>, action: Action) -> ScreenResponse {
        if let Some(by) = lines_moved(action, PAGE) {
            self.listed.step(by);
            return ScreenResponse::Done;
        }
        match action {
            Action::Left => return self.step_host(context, false),
            Action::Right => return self.step_host(context, true),
            Action::NextPane | Action::PreviousPane if self.found.len() > 1 => {
                self.index = (self.index + 1) % self.found.len();
                self.expand(context);
            }
            Action::NextView => {
                self.side = if self.side == Side::Source { Side::Destination } else { Side::Source };
                self.picked = None;
                self.expand(context);
            }
            Action::PickSubject if context.scenario.accel == Accel::Tcg => {
                return ScreenResponse::Say("Under TCG the host does not matter.".to_owned());
            }
            Action::PickSubject | Action::PickFirst => {
                self.picks_release = action == Action::PickFirst;
                let list = if self.picks_release { self.releases(context) } else { self.hosts(context.catalog) };
                return ScreenResponse::Show(Box::new(Overlay::Picker(Box::new(list))));
            }
            Action::CopyArgument => return ScreenResponse::Effect(Effect::Copy(self.argument(context.catalog))),
            Action::Open => return self.visit(context),
            _ => return ScreenResponse::Ignored,
        }
        ScreenResponse::Done
    }

    fn click(&mut self, _: &ScreenContext<'_>, target: Target) -> ScreenResponse {
        let Target::Row(index) = target else { return ScreenResponse::Ignored };
        self.listed.go(index);
        ScreenResponse::Done
    }

    fn pick(&mut self, context: &ScreenContext<'_>, number: usize) -> ScreenResponse {
        if self.picks_release {
            let Ok(id) = u16::try_from(number).map(LibvirtId) else { return ScreenResponse::Ignored };
            let qemu = self.release(context.scenario).qemu.clone();
            self.picked = Some(Release { libvirt: LibvirtChoice::Release(id, None), qemu, product: None });
        } else {
            self.host = HostChoice::Listed(HostId(u16::try_from(number).unwrap_or(0)));
        }
        self.expand(context);
        ScreenResponse::Done
    }

    fn refresh(&mut self, context: &ScreenContext<'_>) {
        self.expand(context);
    }

    fn has_filter(&self) -> bool {
        false
    }

    fn hints(&self) -> &'static [Hint] {
        const ALL: &[Hint] = &[
            (&[Action::NextPane], "next result"),
            (&[Action::Left, Action::Right], "host"),
            (&[Action::PickSubject], "list of hosts"),
            (&[Action::PickFirst], "release"),
            (&[Action::NextView], "source or destination"),
            (&[Action::Up, Action::Down], "model"),
            (&[Action::CopyArgument], "copy -cpu"),
            (&[Action::Open], "use in the explorer"),
            (&[Action::Back], "back"),
            (&[Action::Quit], "quit"),
        ];
        if self.found.len() > 1 { ALL } else { ALL.split_first().map_or(ALL, |(_, of_one)| of_one) }
    }
}
