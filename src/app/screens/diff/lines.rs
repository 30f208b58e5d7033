//! Makes the lines of a difference, grouped by why they matter to a migration, and asks how guests fare.

use super::ScreenContext;
use crate::analysis::diff::guest_outcomes::{Answers, Fare, Fares};
use crate::analysis::diff::{ModelDiff, Why, in_maps, maps};
use crate::app::choice::libvirt_name;
use crate::domain::catalog::{Catalog, LibvirtId};
use crate::domain::definition::Policy;
use crate::domain::feature::FeatureId;
use crate::domain::map::{CpuMap, ModelId};
use crate::domain::qemu::Accel;
use crate::domain::scenario::{LibvirtChoice, Release, Scenario};
use crate::export::analysis::{feature_names, model_group, model_names, model_words, why_words};
use crate::resolve::{Budget, BudgetExceeded, source};
use std::sync::Arc;

/// One line.
#[derive(Clone, PartialEq, Debug)]
pub struct Line {
    /// Under which heading it stands.
    pub section: &'static str,
    /// Why it matters, where it is one of the reasons.
    why: Option<Why>,
    /// The same in a sentence; empty where there is nothing to say.
    pub words: String,
    /// Its name: a feature or a model.
    pub name: String,
    /// What else there is to it: the features of a model.
    pub detail: String,
    /// The guest's model and the feature that show it.
    pub about: Option<(ModelId, FeatureId)>,
    /// How a guest fares there and back that says nothing of the feature; `None` before it was worked out.
    pub guest_outcomes: Option<[Option<Fare>; 2]>,
}

/// What stands on either side.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Between {
    /// What is compared.
    pub title: String,
    /// The left side: where a guest goes from in the first direction, or the first model.
    pub left: String,
    /// The right side.
    pub right: String,
    /// What is said where nothing differs.
    pub empty: String,
    ask: Option<Ask>,
}

#[derive(Clone, PartialEq, Debug)]
enum Ask {
    /// Guests of one model, there and back.
    ThereAndBack(Box<Scenario>),
    /// Guests of one model and of another, there.
    OneAndOther(Box<Scenario>, ModelId, ModelId),
}

/// Asks how guests fare.
pub(super) struct Asks<'a> {
    sides: Option<[Fares<'a>; 2]>,
    models: Option<[ModelId; 2]>,
}

impl Between {
    pub(super) fn asks<'a>(&self, catalog: &'a Catalog) -> Asks<'a> {
        let sides = |one: &Scenario, other: &Scenario| Some([one, other].map(|ends| Fares::between(catalog, ends)));
        match &self.ask {
            None => Asks { sides: None, models: None },
            Some(Ask::ThereAndBack(ends)) => Asks { sides: sides(ends, &ends.swapped()), models: None },
            Some(Ask::OneAndOther(ends, one, other)) => Asks { sides: sides(ends, ends), models: Some([*one, *other]) },
        }
    }
}

impl Asks<'_> {
    /// How a guest fares that says this of the feature: there and back, or with one model and with the other.
    ///
    /// # Errors
    /// The budget is not enough; what was found stays among the answers.
    pub(super) fn both(
        &mut self,
        (model, feature): (ModelId, FeatureId),
        says: Option<Policy>,
        (answers, budget): (&mut Answers, &mut Budget),
    ) -> Result<[Option<Fare>; 2], BudgetExceeded> {
        let [one, other] = self.models.unwrap_or([model, model]);
        match &mut self.sides {
            Some([there, back]) => Ok([
                there.fare((one, feature), says, (answers, budget))?,
                back.fare((other, feature), says, (answers, budget))?,
            ]),
            None => Ok([None, None]),
        }
    }
}

fn map_at(catalog: &Catalog, scenario: &Scenario) -> Option<Arc<CpuMap>> {
    source(catalog, scenario).map(|end| end.map)
}

/// The model at the scenario's two ends.
pub(super) fn of_ends(world: &ScreenContext<'_>, model: ModelId) -> (Between, Vec<Line>) {
    let (catalog, scenario) = (world.catalog, world.scenario);
    let name = catalog.model_name(model);
    let [left, right] = [&scenario.from, &scenario.to].map(|end| libvirt_name(catalog, end));
    let mut between = Between {
        title: name.to_owned(),
        empty: format!("Nothing differs: {left} and {right} read {name} alike."),
        left,
        right,
        ask: Some(Ask::ThereAndBack(Box::new(scenario.clone()))),
    };
    let maps = (map_at(catalog, scenario), map_at(catalog, &scenario.swapped()));
    let (Some(old), Some(new)) = maps else {
        "One of the two releases is not known.".clone_into(&mut between.empty);
        return (between, Vec::new());
    };
    let lines = match (old.model(model), new.model(model)) {
        (None, None) => {
            between.empty = format!("Neither {} nor {} has {name}.", between.left, between.right);
            Vec::new()
        }
        (Some(_), None) => vec![whole_model(world, "Models only the left has", model)],
        (None, Some(_)) => vec![whole_model(world, "Models only the right has", model)],
        (Some(_), Some(_)) => {
            in_maps((&old, model), (&new, model)).map_or_else(Vec::new, |diff| by_feature(catalog, &diff))
        }
    };
    (between, lines)
}

/// Two models, as the destination reads them.
pub(super) fn of_models(world: &ScreenContext<'_>, (one, other): (ModelId, ModelId)) -> (Between, Vec<Line>) {
    let (catalog, scenario) = (world.catalog, world.scenario);
    let [left, right] = [one, other].map(|model| catalog.model_name(model).to_owned());
    let at = libvirt_name(catalog, &scenario.to);
    let mut between = Between {
        title: format!("{left} and {right} at {at}"),
        empty: format!("Nothing differs: {at} reads {left} and {right} alike."),
        left,
        right,
        ask: Some(Ask::OneAndOther(Box::new(scenario.clone()), one, other)),
    };
    let Some(map) = map_at(catalog, &scenario.swapped()) else {
        "The destination's release is not known.".clone_into(&mut between.empty);
        return (between, Vec::new());
    };
    if let Some(absent) = [one, other].into_iter().find(|model| map.model(*model).is_none()) {
        between.empty = format!("{at} does not have {}.", catalog.model_name(absent));
    }
    let diff = in_maps((&map, one), (&map, other));
    let mut lines = diff.map_or_else(Vec::new, |diff| by_feature(catalog, &diff));
    for line in &mut lines {
        if let Some(why) = line.why {
            line.section = model_group(why);
            model_words(why).clone_into(&mut line.words);
        }
    }
    (between, lines)
}

/// Two releases' maps.
pub(super) fn of_releases(world: &ScreenContext<'_>, (old, new): (LibvirtId, LibvirtId)) -> (Between, Vec<Line>) {
    let (catalog, scenario) = (world.catalog, world.scenario);
    let [left, right] = [old, new].map(|id| format!("libvirt {}", catalog.release(id).name));
    let end = |id, like: &Release| Release { libvirt: LibvirtChoice::Release(id, None), qemu: like.qemu.clone() };
    let ends =
        Scenario { from: end(old, &scenario.from), to: end(new, &scenario.to), regime: None, ..scenario.clone() };
    let between = Between {
        title: "every model".to_owned(),
        empty: format!("Nothing differs: {left} and {right} have the same map."),
        left,
        right,
        ask: Some(Ask::ThereAndBack(Box::new(ends))),
    };
    let diff = maps(catalog, old, new);
    let mut lines = Vec::new();
    for why in Why::ALL {
        for model in &diff.models {
            let group = model.groups.iter().find(|(known, _)| known == why);
            lines.extend(group.map(|(_, features)| Line {
                section: why.name(),
                why: Some(*why),
                words: why_words(*why).to_owned(),
                name: catalog.model_name(model.model).to_owned(),
                detail: feature_names(catalog, features),
                about: representative(catalog, model.model, features).map(|feature| (model.model, feature)),
                guest_outcomes: None,
            }));
        }
    }
    let gone = diff.models_gone.iter().map(|model| whole_model(world, "Models only the left has", *model));
    lines.extend(gone);
    lines.extend(diff.models_new.iter().map(|model| whole_model(world, "Models only the right has", *model)));
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
        ("Another partial check", model_names(catalog, &checks), checks.len()),
        ("Features only the left knows", feature_names(catalog, &diff.features_gone), diff.features_gone.len()),
        ("Features only the right knows", feature_names(catalog, &diff.features_new), diff.features_new.len()),
    ] {
        if count > 0 {
            lines.push(plain(section, format!("{count} in all"), detail));
        }
    }
    if diff.order {
        let text = "The features both know stand in another order, and so in libvirt's messages.".to_owned();
        lines.push(plain("Order of the features", "another".to_owned(), text));
    }
    (between, lines)
}

fn by_feature(catalog: &Catalog, diff: &ModelDiff) -> Vec<Line> {
    let line = |why: Why, feature: FeatureId| Line {
        section: why.name(),
        why: Some(why),
        words: why_words(why).to_owned(),
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
            section: "Another partial check",
            why: None,
            words: String::new(),
            name: "partial check".to_owned(),
            detail: "One side compares the model with the map before start, the other asks QEMU.".to_owned(),
            about: None,
            guest_outcomes: None,
        });
    }
    lines
}

fn whole_model(world: &ScreenContext<'_>, section: &'static str, model: ModelId) -> Line {
    Line {
        section,
        why: None,
        words: String::new(),
        name: world.catalog.model_name(model).to_owned(),
        detail: String::new(),
        about: Some((model, world.scenario.feature)),
        guest_outcomes: None,
    }
}

/// The feature that shows most: one that QEMU turns on by itself in the model, else the first.
fn representative(catalog: &Catalog, model: ModelId, features: &[FeatureId]) -> Option<FeatureId> {
    let turned_on = |feature: &&FeatureId| {
        let mut cells = Accel::ALL.iter().filter_map(|accel| catalog.qemu_defaults().of(model, *accel));
        cells.any(|cells| cells.anywhere().contains(**feature))
    };
    features.iter().find(turned_on).or(features.first()).copied()
}

/// Another model to begin with: the next one of the newest map that is not the same, else the one itself.
pub(super) fn relative(world: &ScreenContext<'_>, model: ModelId) -> ModelId {
    let Some(map) = world.catalog.newest_map() else { return model };
    let place = map.model_order.iter().position(|known| *known == model).unwrap_or(0);
    let (before, after) = map.model_order.split_at(place);
    let mut others = after.iter().chain(before).copied();
    others.find(|other| in_maps((map, model), (map, *other)).is_some()).unwrap_or(model)
}
