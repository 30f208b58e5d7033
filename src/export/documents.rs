//! Lists the documents of a scenario in the order in which they are created: definition, command lines, live XML, sent
//! and received XML. Each has its differences from the previous one, or the reason why it does not exist.

use super::analysis::map_word;
use super::xml::{Around, cpu_argument, cpu_xml};
use crate::analysis::history::in_map;
use crate::domain::behaviour::Behaviour;
use crate::domain::catalog::Catalog;
use crate::domain::definition::{Definition, named_enum};
use crate::domain::map::CpuMap;
use crate::domain::scenario::{MaybeKnown, Release, Scenario, Topology};
use crate::explain::{Absent, Remark, absent, remark};
use crate::resolve::{Migration, StartTrace, Trace};
use std::sync::Arc;

named_enum! {
    /// Where a document is made or seen.
    Lane {
        /// At the source.
        Source "source",
        /// On the way.
        Sent "sent",
        /// At the destination, or at a stop before it.
        Destination "destination",
    }
}

named_enum! {
    /// How a line changed since the previous document.
    Since {
        /// It was there before.
        Same "same",
        /// It is new here, or says something else.
        New "new",
        /// It was there before and is gone here; it is not part of the document.
        Gone "gone",
    }
}

/// What a command line begins with.
pub(crate) const DASH_CPU: &str = "-cpu ";

/// One document.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Document {
    /// What it is called.
    pub title: String,
    /// Where it belongs.
    pub lane: Lane,
    /// The document it is compared with, by its place in the list.
    pub before: Option<usize>,
    /// Its parts, each with its change: the lines of XML, the items of a command line.
    pub parts: Vec<(Since, String)>,
    /// Whether it is a command line, whose items are joined by commas.
    pub command_line: bool,
    /// Why it never existed, or what there is to know of it.
    pub remark: Option<String>,
    /// What the CPU map of this side has for the scenario's feature, where the definition does not mention it.
    pub unmentioned: Option<String>,
}

impl Document {
    /// Returns whether it ever existed.
    pub fn exists(&self) -> bool {
        !self.parts.is_empty()
    }

    /// Returns how many parts are new since the document before, and how many are gone.
    pub fn changes(&self) -> (usize, usize) {
        let count = |wanted: Since| self.parts.iter().filter(|(since, _)| *since == wanted).count();
        (count(Since::New), count(Since::Gone))
    }

    /// Returns its text, as it can be copied; empty where it never existed.
    pub fn text(&self) -> String {
        let parts = self.parts.iter().filter(|(since, _)| *since != Since::Gone).map(|(_, part)| part.as_str());
        let parts: Vec<&str> = parts.collect();
        if self.command_line && !parts.is_empty() {
            return format!("{DASH_CPU}{}", parts.join(","));
        }
        parts.join("\n")
    }
}

/// Returns the documents of a migration, over all of its hosts.
pub fn documents(catalog: &Catalog, scenario: &Scenario, trace: &Trace) -> Vec<Document> {
    let map = Some(trace.source().map.clone());
    let mut list = List { catalog, scenario, all: Vec::new(), command_line: None, map };
    let live = list.source(trace);
    let ends: Vec<&Release> = scenario.releases().collect();
    let mut before = live;
    for number in 0..ends.len() - 1 {
        let index = (number + 1, ends.len() - 1);
        before = list.hop(trace.migrations.get(number), (ends[number], ends[number + 1]), index, before);
    }
    list.all
}

struct List<'a> {
    catalog: &'a Catalog,
    scenario: &'a Scenario,
    all: Vec<Document>,
    /// The last command line.
    command_line: Option<usize>,
    /// The CPU map of the side whose documents are made.
    map: Option<Arc<CpuMap>>,
}

impl List<'_> {
    fn source(&mut self, trace: &Trace) -> usize {
        let (run, running) = (trace.source(), self.scenario.running.as_deref());
        let release = self.scenario.started.as_ref().unwrap_or(&self.scenario.from).clone();
        let given = match running {
            Some(running) => running.inactive.as_ref().ok_or(Absent::NotGiven),
            None => Ok(&run.given),
        };
        let definition = self.xml("Definition", Lane::Source, &release, given, None, None);
        let line = if running.is_some() { Some(Absent::AlreadyRuns) } else { None };
        self.command_line("-cpu at the source", Lane::Source, &release, run, line);
        let live = self.live("Live XML", Lane::Source, &release, Some(run), Some(definition));
        let Some(reconnected) = &trace.reconnected else { return live };
        let release = self.scenario.from.clone();
        self.xml("Live XML after the upgrade", Lane::Source, &release, Ok(reconnected), Some(live), None)
    }

    fn hop(
        &mut self,
        hop: Option<&Migration>,
        (from, to): (&Release, &Release),
        (number, of): (usize, usize),
        live: usize,
    ) -> usize {
        let which = if of > 1 { format!(", {number} of {of}") } else { String::new() };
        let missing = if number == 1 { Absent::NeverSent } else { Absent::NeverReached };
        let sent = hop.map(|hop| &hop.sent);
        let arrival = hop.map(|hop| &hop.arrival);
        let replaced = arrival.is_some_and(|run| run.replaced);
        let overruled = Some(Remark::CookieOverrules).filter(|_| replaced);
        let xml = sent.map(|sent| &sent.xml).ok_or(missing);
        let xml = self.xml(&format!("Sent XML{which}"), Lane::Sent, from, xml, Some(live), overruled);
        let cookie = match sent {
            None => Err(missing),
            Some(sent) => sent.cookie.as_ref().ok_or_else(|| {
                let sends = behaviour(self.catalog, from).is_none_or(|behaviour| behaviour.cookie);
                if sends { Absent::NothingBeside } else { Absent::NoCookies }
            }),
        };
        let cookie = self.xml(&format!("Cookie{which}"), Lane::Sent, from, cookie, Some(live), None);
        self.map = arrival.map(|run| run.map.clone());
        let prepared = match arrival {
            None => Err(missing),
            Some(run) => run.prepared.as_ref().ok_or(Absent::RefusedBeforeQemu),
        };
        let remark = if replaced { Remark::CookieReplaces } else { Remark::XmlCounts };
        let base = if replaced { cookie } else { xml };
        let title = format!("Arrived, as prepared{which}");
        let prepared = self.xml(&title, Lane::Destination, to, prepared, Some(base), Some(remark));
        let title = format!("-cpu at the destination{which}");
        match arrival {
            Some(run) => self.command_line(&title, Lane::Destination, to, run, None),
            None => self.absent(&title, Lane::Destination, to, missing),
        }
        self.live(&format!("Arrived, live XML{which}"), Lane::Destination, to, arrival, Some(prepared))
    }

    fn live(
        &mut self,
        title: &str,
        lane: Lane,
        release: &Release,
        run: Option<&StartTrace>,
        before: Option<usize>,
    ) -> usize {
        let live = match run {
            None => Err(Absent::NeverReached),
            Some(run) => run.live.as_ref().ok_or(if run.cpu.is_some() {
                Absent::RefusedAfterQemu
            } else {
                Absent::RefusedBeforeQemu
            }),
        };
        let updated = behaviour(self.catalog, release).is_none_or(|behaviour| behaviour.live_update);
        self.xml(title, lane, release, live, before, Some(Remark::NoLiveUpdate).filter(|_| !updated))
    }

    fn xml(
        &mut self,
        title: &str,
        lane: Lane,
        release: &Release,
        definition: Result<&Definition, Absent>,
        before: Option<usize>,
        said: Option<Remark>,
    ) -> usize {
        let definition = match definition {
            Ok(definition) => definition,
            Err(why) => {
                self.absent(title, lane, release, why);
                return self.all.len() - 1;
            }
        };
        let around = Around {
            topology: match self.scenario.topology {
                MaybeKnown::Is(topology) if topology != Topology::SINGLE => Some(topology),
                MaybeKnown::Is(_) | MaybeKnown::Unknown => None,
            },
            check: behaviour(self.catalog, release).is_none_or(|behaviour| behaviour.live_update),
            vendor_id: self.scenario.vendor_id,
        };
        let lines = cpu_xml(self.catalog, definition, around);
        let before = before.filter(|index| self.all.get(*index).is_some_and(Document::exists));
        let parts = match before.and_then(|index| self.all.get(index)) {
            Some(before) => compared(&before.parts, lines),
            None => lines.into_iter().map(|line| (Since::Same, line)).collect(),
        };
        let remark = said.map(|what| remark(self.catalog, release, what));
        let unmentioned = self.unmentioned(definition);
        let title = title.to_owned();
        self.all.push(Document { title, lane, before, parts, command_line: false, remark, unmentioned });
        self.all.len() - 1
    }

    /// What the map of this side has for the scenario's feature; `None` if the definition mentions it.
    fn unmentioned(&self, definition: &Definition) -> Option<String> {
        let feature = self.scenario.feature;
        let model = definition.model.filter(|_| definition.features.get(feature).is_none())?;
        let has = map_word(in_map(self.map.as_ref()?, model, feature));
        Some(format!("{} is not mentioned; CPU map: {has}", self.catalog.feature_name(feature)))
    }

    fn command_line(&mut self, title: &str, lane: Lane, release: &Release, run: &StartTrace, never: Option<Absent>) {
        let Some(argument) = cpu_argument(self.catalog, run, self.scenario.pmu).filter(|_| never.is_none()) else {
            return self.absent(title, lane, release, never.unwrap_or(Absent::RefusedBeforeQemu));
        };
        let items = argument.split(',').map(str::to_owned).collect();
        let before = self.command_line;
        let parts = match before.and_then(|index| self.all.get(index)) {
            Some(before) => compared(&before.parts, items),
            None => items.into_iter().map(|item| (Since::Same, item)).collect(),
        };
        self.command_line = Some(self.all.len());
        let (title, remark, unmentioned) = (title.to_owned(), None, None);
        self.all.push(Document { title, lane, before, parts, command_line: true, remark, unmentioned });
    }

    fn absent(&mut self, title: &str, lane: Lane, release: &Release, why: Absent) {
        let remark = Some(absent(self.catalog, release, why));
        let title = title.to_owned();
        let (before, parts, unmentioned) = (None, Vec::new(), None);
        self.all.push(Document { title, lane, before, parts, command_line: false, remark, unmentioned });
    }
}

/// Marks what is new among `parts`, and puts what is gone behind its last neighbour that stayed.
fn compared(before: &[(Since, String)], parts: Vec<String>) -> Vec<(Since, String)> {
    let before: Vec<&String> = before.iter().filter(|(since, _)| *since != Since::Gone).map(|(_, part)| part).collect();
    let mut marked: Vec<(Since, String)> =
        parts.into_iter().map(|part| (if before.contains(&&part) { Since::Same } else { Since::New }, part)).collect();
    let mut index = 0;
    for part in before {
        match marked.iter().position(|(since, known)| *since != Since::Gone && known == part) {
            Some(known) => index = index.max(known + 1),
            None => {
                marked.insert(index, (Since::Gone, part.clone()));
                index += 1;
            }
        }
    }
    marked
}

/// How the libvirt of a release decides; `None` where it is not known.
fn behaviour(catalog: &Catalog, release: &Release) -> Option<Behaviour> {
    let id = release.libvirt.id(catalog)?;
    Some(catalog.behaviour(catalog.release(id).version).0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_stands_where_it_was() {
        let before: Vec<(Since, String)> =
            ["a", "b", "c"].iter().map(|part| (Since::Same, (*part).to_owned())).collect();
        let now = compared(&before, vec!["a".to_owned(), "d".to_owned(), "c".to_owned()]);
        let now: Vec<(Since, &str)> = now.iter().map(|(since, part)| (*since, part.as_str())).collect();
        assert_eq!(now, [(Since::Same, "a"), (Since::Gone, "b"), (Since::New, "d"), (Since::Same, "c")]);
    }
}
