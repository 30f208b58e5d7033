//! Builds the lines of the Differences screen, grouped by their effect on a migration, and resolves their guests.

use super::ScreenContext;
use crate::analysis::diff::guest_outcomes::{Answers, GuestOutcome, GuestResolver};
use crate::analysis::diff::{ModelDiff, Why, in_maps, maps};
use crate::app::choice::libvirt_name;
use crate::domain::catalog::{Catalog, LibvirtId};
use crate::domain::definition::Policy;
use crate::domain::feature::FeatureId;
use crate::domain::map::{CpuMap, ModelId};
use crate::domain::qemu::Accel;
use crate::domain::scenario::{LibvirtChoice, Release, Scenario};
use crate::export::analysis::{feature_names, model_group, model_names, model_text, reason_text};
use crate::resolve::{Budget, BudgetExceeded, source};
use std::sync::Arc;

#[derive(Clone, PartialEq, Debug)]
pub struct Line {
    /// The heading above it.
    pub(crate) section: &'static str,
    /// The effect on a migration; `None` for lines without an effect on a guest.
    why: Option<Why>,
    /// The effect in a sentence; may be empty.
    pub(crate) words: String,
    /// The name of a feature or a model.
    pub name: String,
    /// More detail: for a model, its features.
    pub(crate) detail: String,
    /// The model and the feature of a guest that demonstrates the line.
    pub about: Option<(ModelId, FeatureId)>,
    /// The outcomes in both directions of a guest that does not mention the feature; `None` until they are resolved.
    pub guest_outcomes: Option<[Option<GuestOutcome>; 2]>,
}

/// The two sides of a comparison.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Between {
    /// What is compared.
    pub(crate) title: String,
    /// The name of the left side: the source of the first direction, or the first model.
    pub(crate) left: String,
    /// The name of the right side.
    pub(crate) right: String,
    /// The text for an empty comparison.
    pub(crate) empty: String,
    guests: Option<Guests>,
}

#[derive(Clone, PartialEq, Debug)]
enum Guests {
    /// Guests of one model, in both directions.
    ThereAndBack(Box<Scenario>),
    /// Guests of two models, in the direction of the scenario.
    OneAndOther(Box<Scenario>, ModelId, ModelId),
}

/// Resolves the guests of the lines.
pub(super) struct GuestQueries<'a> {
    sides: Option<[GuestResolver<'a>; 2]>,
    models: Option<[ModelId; 2]>,
}

impl Between {
    pub(super) fn queries<'a>(&self, catalog: &'a Catalog) -> GuestQueries<'a> {
        let sides =
            |one: &Scenario, other: &Scenario| Some([one, other].map(|ends| GuestResolver::between(catalog, ends)));
        match &self.guests {
            None => GuestQueries { sides: None, models: None },
            Some(Guests::ThereAndBack(ends)) => GuestQueries { sides: sides(ends, &ends.swapped()), models: None },
            Some(Guests::OneAndOther(ends, one, other)) => {
                GuestQueries { sides: sides(ends, ends), models: Some([*one, *other]) }
            }
        }
    }
}

impl GuestQueries<'_> {
    /// Returns the two outcomes of a guest whose definition has this policy for the feature: one for each direction, or
    /// one for each model.
    ///
    /// # Errors
    /// The budget is spent. The outcomes resolved so far stay in `answers`.
    pub(super) fn both(
        &mut self,
        (model, feature): (ModelId, FeatureId),
        says: Option<Policy>,
        (answers, budget): (&mut Answers, &mut Budget),
    ) -> Result<[Option<GuestOutcome>; 2], BudgetExceeded> {
        let [one, other] = self.models.unwrap_or([model, model]);
        match &mut self.sides {
            Some([there, back]) => Ok([
                there.outcome((one, feature), says, (answers, budget))?,
                back.outcome((other, feature), says, (answers, budget))?,
            ]),
            None => Ok([None, None]),
        }
    }
}

/// The map of the source; `None` of an unknown release.
fn map_at(catalog: &Catalog, scenario: &Scenario) -> Option<Arc<CpuMap>> {
    let is_known = scenario.from.libvirt != LibvirtChoice::Unknown;
    source(catalog, scenario).filter(|_| is_known).map(|end| Arc::clone(&end.map))
}

/// Compares the model at source and destination.
pub(super) fn of_endpoints(context: &ScreenContext<'_>, model: ModelId) -> (Between, Vec<Line>) {
    let (catalog, scenario) = (context.catalog, context.scenario);
    let name = catalog.model_name(model);
    let [left, right] = [&scenario.from, &scenario.to].map(|end| libvirt_name(catalog, end));
    let mut between = Between {
        title: format!("{name} between {left} and {right}"),
        empty: format!("No difference: {left} and {right} define {name} in the same way."),
        left,
        right,
        guests: Some(Guests::ThereAndBack(Box::new(scenario.clone()))),
    };
    let maps = (map_at(catalog, scenario), map_at(catalog, &scenario.swapped()));
    let (Some(old), Some(new)) = maps else {
        "One of the two releases is unknown.".clone_into(&mut between.empty);
        return (between, Vec::new());
    };
    let mut lines = match (old.model(model), new.model(model)) {
        (None, None) => {
            between.empty = format!("Neither {} nor {} has the model {name}.", between.left, between.right);
            return (between, Vec::new());
        }
        (Some(_), None) => vec![whole_model(context, "Models only on the left side", model)],
        (None, Some(_)) => vec![whole_model(context, "Models only on the right side", model)],
        (Some(_), Some(_)) => {
            in_maps((&old, model), (&new, model)).map_or_else(Vec::new, |diff| by_feature(catalog, &diff))
        }
    };
    lines.extend(others(catalog, model, (&old, &new)));
    (between, lines)
}

/// The other models in which the two maps differ.
fn others(catalog: &Catalog, model: ModelId, (old, new): (&CpuMap, &CpuMap)) -> Vec<Line> {
    let others = new.model_order.iter().copied().filter(|other| *other != model);
    let differing = others.filter_map(|other| in_maps((old, other), (new, other)));
    let lines = differing.flat_map(|diff| {
        let line = |(why, features): &(Why, Vec<FeatureId>)| Line {
            section: "Other models that differ",
            why: Some(*why),
            words: reason_text(*why).to_owned(),
            name: catalog.model_name(diff.model).to_owned(),
            detail: feature_names(catalog, features),
            about: representative(catalog, diff.model, features).map(|feature| (diff.model, feature)),
            guest_outcomes: None,
        };
        diff.groups.iter().map(line).collect::<Vec<_>>()
    });
    lines.collect()
}

/// Compares two models in the map of the destination.
pub(super) fn of_models(context: &ScreenContext<'_>, (one, other): (ModelId, ModelId)) -> (Between, Vec<Line>) {
    let (catalog, scenario) = (context.catalog, context.scenario);
    let [left, right] = [one, other].map(|model| catalog.model_name(model).to_owned());
    let at = libvirt_name(catalog, &scenario.to);
    let mut between = Between {
        title: format!("{left} and {right} at {at}"),
        empty: format!("No difference: {at} defines {left} and {right} in the same way."),
        left,
        right,
        guests: Some(Guests::OneAndOther(Box::new(scenario.clone()), one, other)),
    };
    let Some(map) = map_at(catalog, &scenario.swapped()) else {
        "The destination's release is unknown.".clone_into(&mut between.empty);
        return (between, Vec::new());
    };
    if let Some(absent) = [one, other].into_iter().find(|model| map.model(*model).is_none()) {
        between.empty = format!("{at} does not have the model {}.", catalog.model_name(absent));
    }
    let diff = in_maps((&map, one), (&map, other));
    let mut lines = diff.map_or_else(Vec::new, |diff| by_feature(catalog, &diff));
    for line in &mut lines {
        if let Some(why) = line.why {
            line.section = model_group(why);
            model_text(why).clone_into(&mut line.words);
        }
    }
    (between, lines)
}

/// Compares the maps of two releases.
pub(super) fn of_releases(context: &ScreenContext<'_>, (old, new): (LibvirtId, LibvirtId)) -> (Between, Vec<Line>) {
    let (catalog, scenario) = (context.catalog, context.scenario);
    let [left, right] = [old, new].map(|id| format!("libvirt {}", catalog.release(id).name));
    let end = |id, like: &Release| Release::new(LibvirtChoice::Release(id, None), like.qemu.clone());
    let ends =
        Scenario { from: end(old, &scenario.from), to: end(new, &scenario.to), regime: None, ..scenario.clone() };
    let between = Between {
        title: format!("every model between {left} and {right}"),
        empty: format!("No difference: {left} and {right} have the same CPU map."),
        left,
        right,
        guests: Some(Guests::ThereAndBack(Box::new(ends))),
    };
    let diff = maps(catalog, old, new);
    let mut lines = Vec::new();
    for why in Why::ALL {
        for model in &diff.models {
            let group = model.groups.iter().find(|(known, _)| known == why);
            lines.extend(group.map(|(_, features)| Line {
                section: why.name(),
                why: Some(*why),
                words: reason_text(*why).to_owned(),
                name: catalog.model_name(model.model).to_owned(),
                detail: feature_names(catalog, features),
                about: representative(catalog, model.model, features).map(|feature| (model.model, feature)),
                guest_outcomes: None,
            }));
        }
    }
    let gone = diff.models_gone.iter().map(|model| whole_model(context, "Models only on the left side", *model));
    lines.extend(gone);
    lines.extend(diff.models_new.iter().map(|model| whole_model(context, "Models only on the right side", *model)));
    let plain = |section, name: String, detail| Line {
        section,
        why: None,
        words: String::new(),
        name,
        detail,
        about: None,
        guest_outcomes: None,
    };
    let checks: Vec<ModelId> = diff.models.iter().filter(|diff| diff.partial_check).map(|diff| diff.model).collect();
    for (section, detail, count) in [
        ("Different partial check", model_names(catalog, &checks), checks.len()),
        ("Features known only on the left side", feature_names(catalog, &diff.features_gone), diff.features_gone.len()),
        ("Features known only on the right side", feature_names(catalog, &diff.features_new), diff.features_new.len()),
    ] {
        if count > 0 {
            lines.push(plain(section, format!("{count} in total"), detail));
        }
    }
    if diff.order {
        let text = "The common features are in a different order, in the map and in libvirt's messages.".to_owned();
        lines.push(plain("Order of the features", "different".to_owned(), text));
    }
    (between, lines)
}

fn by_feature(catalog: &Catalog, diff: &ModelDiff) -> Vec<Line> {
    let line = |why: Why, feature: FeatureId| Line {
        section: why.name(),
        why: Some(why),
        words: reason_text(why).to_owned(),
        name: catalog.feature_name(feature).to_owned(),
        detail: String::new(),
        about: Some((diff.model, feature)),
        guest_outcomes: None,
    };
    let groups = diff.groups.iter();
    let mut lines: Vec<Line> =
        groups.flat_map(|(why, features)| features.iter().map(move |feature| line(*why, *feature))).collect();
    if diff.partial_check {
        lines.push(Line {
            section: "Different partial check",
            why: None,
            words: String::new(),
            name: "partial check".to_owned(),
            detail: "One side compares the model with the map before start, the other queries QEMU.".to_owned(),
            about: None,
            guest_outcomes: None,
        });
    }
    lines
}

fn whole_model(context: &ScreenContext<'_>, section: &'static str, model: ModelId) -> Line {
    Line {
        section,
        why: None,
        words: String::new(),
        name: context.catalog.model_name(model).to_owned(),
        detail: String::new(),
        about: Some((model, context.scenario.feature)),
        guest_outcomes: None,
    }
}

/// Returns the feature with the clearest effect: one that QEMU enables by default in the model, else the first.
fn representative(catalog: &Catalog, model: ModelId, features: &[FeatureId]) -> Option<FeatureId> {
    let turned_on = |feature: &&FeatureId| {
        let mut cells = Accel::ALL.iter().filter_map(|accel| catalog.qemu_defaults().of(model, *accel));
        cells.any(|cells| cells.anywhere().contains(**feature))
    };
    features.iter().find(turned_on).or(features.first()).copied()
}

/// Returns the initial second model: the next one in the newest map that differs from `model`.
pub(super) fn relative(context: &ScreenContext<'_>, model: ModelId) -> ModelId {
    let Some(map) = context.catalog.newest_map() else { return model };
    let index = map.model_order.iter().position(|known| *known == model).unwrap_or(0);
    let (before, after) = map.model_order.split_at(index);
    let mut others = after.iter().chain(before).copied();
    others.find(|other| in_maps((map, model), (map, *other)).is_some()).unwrap_or(model)
}
