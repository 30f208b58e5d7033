//! Parses and prints the value of `running`: the live and the inactive `<cpu>` of a running guest, deflated, in
//! base64url.

use super::super::super::catalog::Catalog;
use super::super::super::definition::{Check, Definition, Fallback, Match, Mode, Policies, Policy};
use super::super::super::host::Vendor;
use super::super::Running;
use super::value::{ValueError, feature, one_of, vendor};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::read::DeflateDecoder;
use flate2::{Compress, Compression, FlushCompress, Status};
use foldhash::HashMap;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::cell::RefCell;
use std::io::Read;

/// The longest XML, in bytes.
const LONGEST: u64 = 16 << 10;

/// How many values are remembered.
const MOST_PRINTED: usize = 1024;

/// What was printed, by its XML. The tables of the compressor are 300 KiB, and clearing them costs more than everything
/// else of a line of a batch; the guests of a batch have few CPUs.
struct Printed {
    compress: Compress,
    values: HashMap<String, String>,
}

thread_local! {
    static PRINTED: RefCell<Printed> =
        RefCell::new(Printed { compress: Compress::new(Compression::best(), false), values: HashMap::default() });
}

/// Prints the value.
pub(super) fn write(catalog: &Catalog, running: &Running) -> String {
    let mut xml = String::new();
    for definition in std::iter::once(&running.live).chain(&running.inactive) {
        write_cpu(&mut xml, catalog, definition);
    }
    PRINTED.with_borrow_mut(|Printed { compress, values }| {
        if let Some(known) = values.get(&xml) {
            return known.clone();
        }
        if values.len() == MOST_PRINTED {
            values.clear();
        }
        let value = URL_SAFE_NO_PAD.encode(deflated(compress, xml.as_bytes()));
        values.insert(xml, value.clone());
        value
    })
}

fn deflated(compress: &mut Compress, text: &[u8]) -> Vec<u8> {
    let mut deflated = Vec::new();
    compress.reset();
    loop {
        deflated.reserve(text.len() + 64);
        let rest = usize::try_from(compress.total_in()).ok().and_then(|read| text.get(read..)).unwrap_or_default();
        // It ends with an error only if it is used after its end.
        let ended = compress.compress_vec(rest, &mut deflated, FlushCompress::Finish);
        if !matches!(ended, Ok(Status::Ok | Status::BufError)) {
            return deflated;
        }
    }
}

/// Writes every part, so that reading needs no defaults.
fn write_cpu(xml: &mut String, catalog: &Catalog, cpu: &Definition) {
    let (mode, matching, check) = (cpu.mode.name(), cpu.matching.name(), cpu.check.name());
    xml.extend(["<cpu mode='", mode, "' match='", matching, "' check='", check, "'>"]);
    let model = cpu.model.map_or("", |model| catalog.model_name(model));
    xml.extend(["<model fallback='", cpu.fallback.name(), "'>", model, "</model>"]);
    if let Some(vendor) = cpu.vendor {
        xml.extend(["<vendor>", vendor.name(), "</vendor>"]);
    }
    for (feature, policy) in cpu.features.iter() {
        xml.extend(["<feature policy='", policy.name(), "' name='", catalog.feature_name(feature), "'/>"]);
    }
    xml.push_str("</cpu>");
}

pub(super) fn parse(catalog: &Catalog, text: &str) -> Result<Running, ValueError> {
    let wrong = |what: &str| ValueError::new(format!("expected the running guest of a link as it was printed: {what}"));
    let deflated = URL_SAFE_NO_PAD.decode(text).map_err(|err| wrong(&err.to_string()))?;
    let mut xml = String::new();
    let read = DeflateDecoder::new(deflated.as_slice()).take(LONGEST + 1).read_to_string(&mut xml);
    read.map_err(|err| wrong(&err.to_string()))?;
    if xml.len() as u64 > LONGEST {
        return Err(wrong("it is longer than 16 KiB"));
    }
    let mut cpus = read_cpus(catalog, &xml).map_err(|err| wrong(&err.to_string()))?.into_iter();
    let (live, inactive, more) = (cpus.next(), cpus.next(), cpus.next());
    let is_live = |cpu: &Definition| cpu.mode != Mode::HostModel && (cpu.mode == Mode::Custom) == cpu.model.is_some();
    let live = live.filter(|cpu| is_live(cpu) && more.is_none());
    let live = live.ok_or_else(|| wrong("it has one or two <cpu> elements, the first with a model"))?;
    Ok(Running { live, inactive })
}

fn read_cpus(catalog: &Catalog, xml: &str) -> Result<Vec<Definition>, ValueError> {
    let mut reader = Reader::from_str(xml);
    let mut cpus: Vec<Definition> = Vec::new();
    let mut inside = String::new();
    loop {
        let event = reader.read_event().map_err(|err| ValueError::new(err.to_string()))?;
        match (event, cpus.last_mut()) {
            (Event::Eof, _) => return Ok(cpus),
            (Event::Start(start), _) if start.name().as_ref() == "cpu" => cpus.push(read_cpu(&start)?),
            (Event::Start(start), Some(cpu)) => {
                inside = start.name().as_ref().to_owned();
                if inside == "model" {
                    cpu.fallback = keyword(&start, "fallback", Fallback::ALL, Fallback::name)?;
                }
            }
            (Event::Empty(element), Some(cpu)) if element.name().as_ref() == "feature" => {
                let policy = keyword(&element, "policy", Policy::ALL, Policy::name)?;
                cpu.features.set(feature(catalog, &attribute(&element, "name")?)?, policy);
            }
            (Event::Text(text), Some(cpu)) => {
                read_text(catalog, &inside, &text, cpu)?;
            }
            (Event::End(_), Some(_)) => inside.clear(),
            _ => return Err(ValueError::new("it has something else than <cpu> elements".to_owned())),
        }
    }
}

fn read_cpu(start: &BytesStart<'_>) -> Result<Definition, ValueError> {
    Ok(Definition {
        mode: keyword(start, "mode", Mode::ALL, Mode::name)?,
        model: None,
        matching: keyword(start, "match", Match::ALL, Match::name)?,
        check: keyword(start, "check", Check::ALL, Check::name)?,
        fallback: Fallback::Allow,
        vendor: None::<Vendor>,
        features: Policies::default(),
    })
}

fn read_text(catalog: &Catalog, inside: &str, text: &str, cpu: &mut Definition) -> Result<(), ValueError> {
    match inside {
        "vendor" => cpu.vendor = Some(vendor(text)?),
        "model" => {
            let model = catalog.model(text);
            cpu.model = Some(model.ok_or_else(|| ValueError::new(format!("unknown CPU model {text:?}")))?);
        }
        _ => return Err(ValueError::new(format!("unexpected text {text:?}"))),
    }
    Ok(())
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Result<String, ValueError> {
    let found = element.attributes().flatten().find(|attribute| attribute.key.as_ref() == name);
    found
        .map(|attribute| attribute.value.into_owned())
        .ok_or_else(|| ValueError::new(format!("an element lacks the attribute {name}")))
}

fn keyword<T: Copy>(
    element: &BytesStart<'_>,
    attribute_name: &str,
    all: &[T],
    name: fn(T) -> &'static str,
) -> Result<T, ValueError> {
    one_of(&attribute(element, attribute_name)?, all, name)
}
