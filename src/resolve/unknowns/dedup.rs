//! Computes once what several cases share: the alternatives of an endpoint, each prepared for a guest, and one case for
//! all that cannot differ.

use super::Plan;
use super::combinations::Combinations;
use crate::domain::catalog::Catalog;
use crate::domain::definition::Definition;
use crate::domain::map::ModelId;
use crate::resolve::endpoint::{Endpoint, Guest};
use crate::resolve::expansion::expand;
use crate::resolve::migrate::Prepared;
use crate::resolve::prepared_endpoint::{Expansion, PreparedEndpoint};
use foldhash::HashMap;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

/// The endpoints, guests and cases that differ.
pub(super) struct Shared<'a> {
    ends: Vec<Arc<Endpoint<'a>>>,
    guests: Vec<Guest>,
    /// What each case takes, by index: every endpoint in order, the one where the guest was started if that is another,
    /// the guest, the model, and the first machine type that gives this model the same.
    distinct: Vec<Box<[usize]>>,
    /// For each combination the index of its case among those that differ; `None` where an input has no value.
    pub(super) cases: Vec<Option<usize>>,
}

impl<'a> Shared<'a> {
    pub(super) fn of(plan: &Plan<'a>, combinations: &Combinations) -> Self {
        let mut shared = Self { ends: Vec::new(), guests: Vec::new(), distinct: Vec::new(), cases: Vec::new() };
        let (mut ends_known, mut guests_known) = (HashMap::default(), HashMap::default());
        let mut known: HashMap<Box<[usize]>, usize> = HashMap::default();
        let (count, mut taken) = (plan.endpoints.len() + usize::from(plan.started.is_some()), Vec::new());
        let machines: Vec<Vec<usize>> = plan.models.iter().map(|model| plan.alike_machines(*model)).collect();
        for values in combinations.iter() {
            let value = |axis: Option<usize>| axis.and_then(|axis| values.get(axis)).copied().unwrap_or(0);
            let endpoints = plan.endpoints.iter().chain(&plan.started).enumerate();
            let ends = endpoints.map(|(index, options)| {
                *ends_known.entry((index, options.alternative(values, combinations.sizes()))).or_insert_with(|| {
                    shared.ends.push(options.end(values)?);
                    Some(shared.ends.len() - 1)
                })
            });
            taken.clear();
            taken.extend(ends.map_while(|end| end));
            let (model, topology) = (value(plan.models.axis), value(plan.topologies.axis));
            let [disabled, added] = [plan.names_disabled.axis, plan.names_added.axis].map(value);
            let machine = machines.get(model).and_then(|alike| alike.get(value(plan.machines.axis))).copied();
            let guest = machine.and_then(|machine| {
                *guests_known.entry([machine, topology, disabled, added]).or_insert_with(|| {
                    shared.guests.push(plan.guest([machine, topology, disabled, added])?);
                    Some(shared.guests.len() - 1)
                })
            });
            let (Some(guest), Some(machine), true) = (guest, machine, taken.len() == count) else {
                shared.cases.push(None);
                continue;
            };
            taken.extend([guest, model, machine]);
            let number = known.get(taken.as_slice()).copied().unwrap_or_else(|| {
                let number = shared.distinct.len();
                shared.distinct.push(taken.as_slice().into());
                known.insert(taken.as_slice().into(), number);
                number
            });
            shared.cases.push(Some(number));
        }
        shared
    }

    /// Returns how many cases differ.
    pub(super) fn distinct(&self) -> usize {
        self.distinct.len()
    }
}

/// The indices of endpoint and machine type, and the model: what an endpoint is prepared for.
type PreparedKey = (usize, usize, Option<ModelId>);

/// What a guest starts with: its definition, and what replaces the CPU of it.
type Start<'s> = (Rc<Definition>, Option<Rc<Expansion<'s>>>);

/// Prepares the cases, one after the other.
pub(super) struct Cases<'s, 'a> {
    plan: &'s Plan<'a>,
    catalog: &'s Catalog,
    shared: &'s Shared<'a>,
    endpoints: RefCell<HashMap<PreparedKey, Rc<PreparedEndpoint<'s>>>>,
    /// By the indices of the endpoint where the guest starts, and of the model.
    starts: RefCell<HashMap<(usize, usize), Start<'s>>>,
}

impl<'s, 'a> Cases<'s, 'a> {
    pub(super) fn of(plan: &'s Plan<'a>, shared: &'s Shared<'a>) -> Self {
        Self { plan, catalog: plan.catalog, shared, endpoints: RefCell::default(), starts: RefCell::default() }
    }

    /// Returns one of the cases that differ, and the definition that is decided in it.
    pub(super) fn prepare(&self, index: usize) -> Option<(Prepared<'s>, Rc<Definition>)> {
        let (ends, [guest, model, machine]) = self.shared.distinct.get(index)?.split_last_chunk()?;
        let guest = self.shared.guests.get(*guest)?;
        let started_elsewhere = self.plan.started.is_some();
        let first = if started_elsewhere { ends.last() } else { ends.first() };
        let (definition, expansion) = self.start(*first?, *model, guest)?;
        let running = self.plan.scenario.running.as_deref();
        let model = running.map_or(&*definition, |running| &running.live).model;
        let model = expansion.as_ref().map_or(model, |expansion| Some(expansion.model));
        let mut endpoints: Vec<Rc<PreparedEndpoint<'s>>> = Vec::with_capacity(ends.len());
        for end in ends {
            endpoints.push(self.endpoint((*end, *machine, model), guest)?);
        }
        let started = if started_elsewhere { endpoints.pop() } else { None };
        let transport = self.plan.scenario.transport;
        let prepared = Prepared { catalog: self.catalog, guest, endpoints, started, running, expansion, transport };
        Some((prepared, definition))
    }

    /// The machine type does not matter here, so guests that differ in it share what they start with.
    fn start(&self, started: usize, model: usize, guest: &Guest) -> Option<Start<'s>> {
        let mut starts = self.starts.borrow_mut();
        if let Some(known) = starts.get(&(started, model)) {
            return Some(known.clone());
        }
        let end = self.shared.ends.get(started)?;
        let definition = self.plan.definition(end, *self.plan.models.get(model)?);
        let expansion = match self.plan.scenario.running {
            Some(_) => None,
            None => expand(self.catalog, end, guest, &definition),
        };
        let start = (Rc::new(definition), expansion.map(Rc::new));
        starts.insert((started, model), start.clone());
        Some(start)
    }

    fn endpoint(&self, key: PreparedKey, guest: &Guest) -> Option<Rc<PreparedEndpoint<'s>>> {
        let mut endpoints = self.endpoints.borrow_mut();
        if let Some(known) = endpoints.get(&key) {
            return Some(Rc::clone(known));
        }
        // Preparing does not look at the number of threads, so guests that differ in that alone share the endpoint.
        let endpoint = Rc::new(PreparedEndpoint::of(self.catalog, self.shared.ends.get(key.0)?, guest, key.2));
        endpoints.insert(key, Rc::clone(&endpoint));
        Some(endpoint)
    }
}
