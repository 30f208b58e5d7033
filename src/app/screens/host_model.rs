//! Keeps the state of the screen about host-model: the host, the release, the CPU that libvirt puts in place of
//! host-model there, and the models that it could have chosen.

use super::{ScreenContext, ScreenResponse, ScreenState, Target};
use crate::analysis::matrix::Side;
use crate::analysis::space::releases;
use crate::app::action::Action;
use crate::app::choice::{libvirt_name, qemu_name};
use crate::app::list::{List, PAGE, lines_moved};
use crate::app::overlay::Overlay;
use crate::app::picker::{Item, Pick, Picker};
use crate::domain::catalog::Catalog;
use crate::domain::definition::Mode;
use crate::domain::host::HostId;
use crate::domain::qemu::Accel;
use crate::domain::scenario::{CpuChoice, HostChoice, LibvirtChoice, Release, Scenario, Told, write_host};
use crate::export::analysis::expansion_reason;
use crate::resolve::host_model::{Candidate, PossibleExpansion, Processor, Request, expansions};

/// The state of the screen.
#[derive(Clone, Debug)]
pub struct HostModel {
    /// The side whose libvirt and QEMU are asked.
    side: Side,
    /// The release that was picked in place of the side's.
    picked: Option<Release>,
    /// The host.
    host: HostChoice,
    /// The possible results, the likeliest first; empty if there is none.
    pub(crate) found: Vec<PossibleExpansion>,
    /// The index of the displayed result.
    pub(crate) index: usize,
    /// The models that libvirt could have chosen, the best first.
    pub(crate) listed: List<Candidate>,
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
    pub(crate) fn shown(&self) -> Option<&PossibleExpansion> {
        self.found.get(self.index)
    }

    /// Returns whether a candidate is the chosen one.
    pub(crate) fn is_chosen(&self, candidate: &Candidate) -> bool {
        self.shown().is_some_and(|shown| shown.guest.decoded.model == candidate.model)
    }

    fn release<'a>(&'a self, context: &'a ScreenContext<'_>) -> &'a Release {
        let of_side = match self.side {
            Side::Source => &context.scenario.from,
            Side::Destination => &context.scenario.to,
        };
        self.picked.as_ref().unwrap_or(of_side)
    }

    fn expand(&mut self, context: &ScreenContext<'_>) {
        let (catalog, release) = (context.catalog, self.release(context).clone());
        let processor = match &self.host {
            HostChoice::Listed(id) => Some(Processor::of_host(catalog.host(*id))),
            HostChoice::Given(given) => {
                Some(Processor { vendor: Some(given.vendor), signature: given.signature, features: given.features })
            }
            HostChoice::Capable | HostChoice::Any | HostChoice::Unknown => None,
        };
        let tcg = context.scenario.accel == Accel::Tcg;
        let build = match &release.libvirt {
            LibvirtChoice::Release(_, build) => build.as_deref(),
            LibvirtChoice::Old | LibvirtChoice::New | LibvirtChoice::Unknown => None,
        };
        self.found = match (release.libvirt.id(catalog), release.qemu.version) {
            (Some(libvirt), Told::Is(qemu)) if tcg || processor.is_some() => {
                let host = processor.as_ref().filter(|_| !tcg);
                expansions(catalog, &Request { libvirt, build, qemu, host, wanted: None })
            }
            _ => Vec::new(),
        };
        self.index = self.index.min(self.found.len().saturating_sub(1));
        self.list(catalog);
        let host = if tcg { "TCG".to_owned() } else { write_host(catalog, &self.host) };
        let on = format!("libvirt {} with QEMU {}", libvirt_name(catalog, &release), qemu_name(&release));
        self.headline = match self.shown() {
            Some(shown) => {
                let model = catalog.model_name(shown.guest.decoded.model);
                let many = shown.guest.definition.features.iter().count();
                format!("host-model on {host}, {on}: {model} and {many} features")
            }
            None => format!("host-model on {host}, {on}: no CPU model describes this host"),
        };
        self.reason = self.explain(catalog, &release);
    }

    fn explain(&self, catalog: &Catalog, release: &Release) -> String {
        let Some(shown) = self.shown() else { return String::new() };
        let mut said = vec![expansion_reason(catalog, &shown.guest.decoded)];
        if self.found.len() > 1 {
            let (number, count) = (self.index + 1, self.found.len());
            said.push(format!("Possible result {number} of {count}: {}.", shown.assumptions.join("; ")));
        }
        if release.libvirt == LibvirtChoice::New {
            said.push("The release new is hypothetical: the CPU map of 9.0.0 is used.".to_owned());
        }
        if shown.guest.decoded.missing_input.is_some() {
            said.push(
                "Family, model and stepping of the host are not known; with them another model may win.".to_owned(),
            );
        }
        said.join(" ")
    }

    fn list(&mut self, catalog: &Catalog) {
        let decoded = self.shown().map(|shown| shown.guest.decoded.clone());
        let mut candidates = decoded.as_ref().map(|decoded| decoded.candidates.clone()).unwrap_or_default();
        let chosen = decoded.map(|decoded| decoded.model);
        candidates.sort_by_key(|candidate| {
            (Some(candidate.model) != chosen, candidate.score, catalog.model_name(candidate.model))
        });
        self.listed.fill(candidates);
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

    fn hosts(&self, catalog: &Catalog) -> Overlay {
        let items = (0u16..).zip(catalog.hosts()).map(|(number, host)| Item {
            detail: host.vendor.name().to_owned(),
            current: self.host == HostChoice::Listed(HostId(number)),
            ..Item::new(&*host.name, Pick::OfScreen(usize::from(number)))
        });
        Overlay::Picker(Box::new(Picker::new("Host".to_owned(), None, items.collect())))
    }

    fn releases(&self, context: &ScreenContext<'_>) -> Overlay {
        let catalog = context.catalog;
        let current = self.release(context).libvirt.id(catalog);
        let items = releases(catalog).enumerate().map(|(number, id)| Item {
            current: current == Some(id),
            ..Item::new(&*catalog.release(id).name, Pick::OfScreen(number))
        });
        Overlay::Picker(Box::new(Picker::new("libvirt release".to_owned(), None, items.collect())))
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

/// Returns the host of a side, or the first listed one of the model's vendor.
fn host_of(context: &ScreenContext<'_>, of_side: &HostChoice) -> HostChoice {
    if matches!(of_side, HostChoice::Listed(_) | HostChoice::Given(_)) {
        return of_side.clone();
    }
    let catalog = context.catalog;
    let vendor = context.scenario.model().and_then(|model| catalog.vendor(model));
    let found = catalog.hosts().iter().position(|host| Some(host.vendor) == vendor).unwrap_or(0);
    HostChoice::Listed(HostId(u16::try_from(found).unwrap_or(0)))
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
                return ScreenResponse::Show(Box::new(list));
            }
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
            let Some(id) = releases(context.catalog).nth(number) else { return ScreenResponse::Ignored };
            let qemu = self.release(context).qemu.clone();
            self.picked = Some(Release { libvirt: LibvirtChoice::Release(id, None), qemu });
        } else {
            self.host = HostChoice::Listed(HostId(u16::try_from(number).unwrap_or(0)));
        }
        self.expand(context);
        ScreenResponse::Done
    }

    fn refresh(&mut self, context: &ScreenContext<'_>) {
        self.expand(context);
    }

    fn hints(&self) -> &'static [(&'static [Action], &'static str)] {
        &[
            (&[Action::Left, Action::Right], "host"),
            (&[Action::PickSubject], "list of hosts"),
            (&[Action::PickFirst], "release"),
            (&[Action::NextView], "source or destination"),
            (&[Action::Up, Action::Down], "model"),
            (&[Action::Open], "use in the explorer"),
            (&[Action::Back], "back"),
            (&[Action::Quit], "quit"),
        ]
    }
}
