//! Types keys on the screens that follow a feature, tell a history and show a difference, and looks at them. The whole
//! screen is compared with a file in `tests/screens/analysis/`. `BLESS=1 cargo test` rewrites the files.
#![expect(clippy::panic, reason = "what is not on the screen fails the test")]

#[path = "support/golden.rs"]
mod golden;
#[path = "support/typed.rs"]
mod typed;

use golden::Goldens;
use typed::{Session, catalog, has, has_not, open, open_with};
use virt_cpu_explorer::internal::analysis::diff::guest_outcomes::{Answers, GuestResolver, MENTIONS};
use virt_cpu_explorer::internal::app::action::Action;
use virt_cpu_explorer::internal::app::key::Key;
use virt_cpu_explorer::internal::app::screens::diff::Diff;
use virt_cpu_explorer::internal::app::screens::{Screen, ScreenKind};
use virt_cpu_explorer::internal::app::settings::{Settings, ThemeName};
use virt_cpu_explorer::internal::app::update;
use virt_cpu_explorer::internal::domain::scenario::Scenario;
use virt_cpu_explorer::internal::resolve::Budget;

const T7: &str = "Skylake-Client,machine=pc-q35-3.1,from=old,to=new";
const T5: &str = "Skylake-Client,machine=pc-q35-4.0,from=old,to=new";

const SMALL: (u16, u16) = (80, 24);
const USUAL: (u16, u16) = (120, 36);

/// Every golden of this file, by name.
const GOLDENS: Goldens = Goldens {
    folder: "tests/screens/analysis",
    names: &[
        "follow-80x24",
        "follow-120x36",
        "follow-120x36-styles",
        "history-of-a-model-80x24",
        "history-of-a-model-120x36",
        "history-of-a-feature-80x24",
        "history-of-a-feature-120x36-styles",
        "picking-a-model-for-its-history",
        "diff-of-ends-80x24",
        "diff-of-releases-120x36-styles",
        "diff-of-releases-80x24",
        "diff-of-models-120x36",
        "diff-of-nothing-80x24",
        "host-model-80x24",
        "host-model-120x36",
    ],
};

/// Whether a sentence is there, over the ends of lines.
fn says(session: &Session, wanted: &str) {
    let text = session.text();
    let running = text.replace('│', " ").split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(running.contains(wanted), "{wanted:?} is not on the screen:\n{text}");
}

/// The session after a click on `wanted`.
fn click(mut session: Session, wanted: &str) -> Session {
    session.click(wanted);
    session
}

/// The session after the wheel was turned over `wanted`.
fn turn(mut session: Session, wanted: &str, action: Action) -> Session {
    let (x, y) = session.place_of(wanted);
    let target = session.target(x, y);
    update::scroll(&mut session.model, catalog(), target, action);
    session
}

fn kind(session: &Session) -> ScreenKind {
    session.model.screens.top().kind()
}

#[test]
fn every_golden_belongs_to_a_test() {
    GOLDENS.no_orphans();
}

#[test]
fn a_feature_is_followed_through_the_ten_stages() {
    GOLDENS.compare("follow-80x24", &open(T7, SMALL).keys("f").text());
    let session = open(T7, USUAL).keys("f");
    GOLDENS.compare("follow-120x36", &session.text());
    GOLDENS.compare("follow-120x36-styles", &session.styled());
}

#[test]
fn stepping_through_the_stages_names_the_rule_where_the_definition_lost_the_feature_and_where_it_was_refused() {
    let mut session = open(T7, USUAL).keys("f");
    has(&session, "9 full check: ✗ EXTRA");
    says(&session, "Extra: the destination's QEMU enables mpx");
    has(&session, "■ ■ · ■ ■ ■ ┊ □ ■ ✗  EXTRA  at 7: CPU map, at 8: QEMU: machine type");
    session = session.keys(&"<left>".repeat(9));
    let mut with_rule = Vec::new();
    for stage in 1..=10 {
        has(&session, &format!(" {stage} "));
        if session.text().contains("Rule T7: the feature is on but not mentioned") {
            with_rule.push(stage);
        }
        session = session.keys("<right>");
    }
    // The destination's map took it out, QEMU gave it all the same, the check refused, and so it never arrived.
    assert_eq!(with_rule, [7, 8, 9, 10]);
    has(&session, "10 verdict: ✗ aborted, guest stays");
    let session = session.keys("<left><left><left>");
    has(&session, "7 received: □ not mentioned");
    says(
        &session,
        "The migrated definition does not mention mpx. The CPU map of the new libvirt does not have mpx in Skylake-Client.",
    );
    has(&session.keys("i"), "Rule T7:");
}

#[test]
fn the_first_line_says_what_happens_to_the_feature_and_why() {
    let ht = "Skylake-Client,machine=pc-q35-5.2,topology=1-2-1,feature=ht,from=9.0.0:7.2.22,to=11.3.0:10.0.13";
    for (link, wanted, note) in [
        (T7, "mpx is extra at stage 9: the same definition, another CPU map", "◀━━ the CPU maps differ"),
        (T5, "mpx does not change: not enabled at source and destination", "- disable"),
        (ht, "ht is extra at stage 9: the destination's QEMU enables it", "◀━━ the QEMUs differ"),
        (
            "Skylake-Client,machine=pc-q35-3.1,from=old,to=9.0.0+mpx-removed",
            "! The guest loses mpx: the destination adds mpx=disable",
            "◀━━ libvirt wrote this here",
        ),
    ] {
        for size in [SMALL, USUAL] {
            let session = open(link, size).keys("f");
            has(&session, wanted);
            has(&session, if size == SMALL && link == ht { "◀━━" } else { note });
        }
    }
    has(&open(T7, USUAL).keys("f"), "✗ ABORTED: mpx is extra");
    // Both QEMUs show the guest the bit, whatever they report.
    let row = |text: String| text.lines().find(|line| line.contains("guest sees")).unwrap_or_default().to_owned();
    let text = row(open(ht, USUAL).keys("f").text());
    assert!(text.contains("■ on the same"), "{text}");
    let lost = row(open("Skylake-Client,machine=pc-q35-3.1,from=old,to=9.0.0+mpx-removed", USUAL).keys("f").text());
    assert!(lost.contains("■ on") && lost.contains("□ off differs"), "{lost}");
}

#[test]
fn each_stage_says_what_decided_there() {
    let vmx = "Cascadelake-Server,+vmx,feature=vmx-ept,from=9.0.0:7.2.22,to=9.10.0:7.2.22";
    let upgraded = "Skylake-Client,machine=pc-q35-3.1,started=9.0.0,from=10.4.0,to=9.0.0";
    for (link, stage, sentence) in [
        (vmx, 4, "The command line enables a group of features that includes vmx-ept."),
        (vmx, 5, "The CPU map of libvirt 9.0.0 does not define vmx-ept."),
        (
            "Haswell,+pdcm,feature=pdcm,from=11.3.0:10.0.13,to=11.3.0:10.0.5",
            8,
            "disables pdcm if the guest has no PMU.",
        ),
        (
            "host-passthrough,host=EPYC-7601-32-Core,feature=avx2,from=9.0.0,to=11.3.0",
            4,
            "every feature that the host supports, avx2 included.",
        ),
        (
            "qemu64,feature=x2apic,machine=pc-q35-7.2,from=9.0.0,to=9.0.0",
            4,
            "With KVM, QEMU 7.2.22 enables x2apic in qemu64.",
        ),
        (upgraded, 5, "The definition has mpx=require: the upgraded daemon added it when it reconnected to the guest."),
        (upgraded, 6, "The definition has mpx=require: the upgraded daemon added it when it reconnected to the guest."),
        (
            "Skylake-Client,machine=pc-q35-3.1,via=10.4.0,from=old,to=new",
            6,
            "libvirt 10.4.0 adds every feature that was removed from the model.",
        ),
        (
            "Skylake-Client,+mpx,machine=pc-q35-3.1,via=10.4.0,from=old,to=new",
            6,
            "as in the definition that libvirt 10.4.0 received.",
        ),
        (
            "Skylake-Client,machine=pc-q35-3.1,regime=require,from=old,to=new",
            7,
            "The new libvirt requires mpx if the incoming definition does not mention it",
        ),
    ] {
        let keys = format!("f{}{}", "<left>".repeat(9), "<right>".repeat(stage - 1));
        says(&open(link, USUAL).keys(&keys), sentence);
    }
}

#[test]
fn playing_walks_through_the_stages_and_stops_in_red_where_the_guest_is_refused() {
    let mut session = open(T7, USUAL).keys("f<space>");
    let mut seen = Vec::new();
    while update::is_playing(&session.model) {
        let text = session.text();
        assert!(!text.contains("◀━━ the CPU maps differ") || seen.len() >= 6, "{text}");
        seen.push(text);
        update::tick(&mut session.model);
    }
    assert_eq!(seen.len(), 8, "eight stages come before the ninth, which stops the walk");
    has(&session, "9 full check: ✗ EXTRA");
    let (x, y) = session.place_of("check  ");
    let red = session.buffer()[(x, y)].style();
    let loose = open(T7, USUAL).keys("f<left>");
    assert_ne!(red.bg, loose.buffer()[(x, y)].style().bg, "the cursor shows on the failing stage");
    assert_eq!(red.bg, open(T7, USUAL).keys("f").buffer()[(0, 1)].style().bg, "it is as red as the first line");
    let mut stopped = open(T7, USUAL).keys("f<space>");
    update::tick(&mut stopped.model);
    assert!(!update::is_playing(&stopped.keys("<right>").model), "a key ends it");
}

#[test]
fn a_live_update_that_writes_the_feature_down_is_told() {
    let session = open(T5, USUAL).keys("f");
    has(&session, "4 source CPU: □ off");
    says(&session, "Machine type pc-q35-4.0 does not enable mpx in Skylake-Client.");
    let session = session.keys("<right>");
    says(
        &session,
        "The definition has mpx=disable: the live update of the old libvirt (9.0.0) added what QEMU enabled",
    );
}

#[test]
fn any_feature_can_be_followed_and_asked_about() {
    let session = open(T7, USUAL).keys("f<down>");
    has(&session, "Follow hypervisor");
    let session = session.keys("/smap<enter>");
    has(&session, "Follow smap");
    let session = session.keys("<enter>");
    assert_eq!(kind(&session), ScreenKind::Explorer);
    has(&session, "Decision table: smap");
    has(&open(T7, USUAL).keys("f/zzz"), "Nothing matches the filter.");
    says(&open(T7, USUAL).keys("f/svme-addr-chk<enter>"), "svme-addr-chk is as in the definition.");
}

#[test]
fn features_that_do_not_change_are_folded_and_a_stage_opens_its_xml() {
    let session = open(T7, USUAL).keys("f");
    says(&session, "62 others");
    says(&session, "fpu, vme, de");
    let session = session.keys("<down><down>");
    says(&session, "enter list them");
    let session = session.keys("<enter>");
    assert_eq!(kind(&session), ScreenKind::Follow);
    assert!(!session.text().contains("62 others"), "{}", session.text());
    for (stage, title) in
        [(0, "▸ Definition"), (2, "▸ QEMU's -cpu at the source"), (4, "▸ Live XML"), (5, "▸ Cookie"), (6, "▸ Arrived")]
    {
        let keys = format!("f<left><left><left><left><left><left><left><left>{}x", "<right>".repeat(stage));
        says(&open(T7, USUAL).keys(&keys), title);
    }
}

#[test]
fn follow_opens_at_the_feature_under_the_cursor() {
    let session = open(T7, USUAL).keys("/smap<enter>f");
    has(&session, "Follow smap");
    let session = session.keys("<esc>");
    assert_eq!(kind(&session), ScreenKind::Explorer);
}

#[test]
fn stages_and_features_answer_to_the_mouse() {
    let session = click(open(T7, USUAL).keys("f"), "received");
    has(&session, "7 received: □ not mentioned");
    let session = turn(session, "received", Action::Down);
    has(&session, "8 destination CPU: ");
    let session = turn(session, "hypervisor", Action::Down);
    has(&session, "Follow hypervisor");
    let session = click(session, "mpx   ");
    has(&session, "Follow mpx");
    let session = click(session, "mpx       ");
    assert_eq!(kind(&session), ScreenKind::Explorer);
    let small = click(open(T7, SMALL).keys("f"), " 4 CPU");
    says(&small, "Machine type pc-q35-3.1 enables mpx in Skylake-Client.");
}

#[test]
fn a_guest_that_never_starts_and_one_that_depends_are_followed_as_far_as_they_came() {
    let session = open("Skylake-Client,machine=pc-q35-2.4,from=12.8.0:11.1.2,to=12.8.0:11.1.2", USUAL).keys("f");
    has(&session, "start-refused");
    says(&session.keys("<end><right><right><right><right><right>"), "the guest did not start");
    says(&open("Skylake-Client,machine=?,from=old,to=new", USUAL).keys("f"), "This is one of the possible cases.");
}

#[test]
fn a_model_and_a_feature_are_told_through_time() {
    GOLDENS.compare("history-of-a-model-80x24", &open(T7, SMALL).keys("h").text());
    GOLDENS.compare("history-of-a-model-120x36", &open(T7, USUAL).keys("h").text());
    GOLDENS.compare("history-of-a-feature-80x24", &open(T7, SMALL).keys("hv").text());
    let session = open(T7, USUAL).keys("hv");
    has(&session, "History of mpx");
    let newest = catalog().libvirt_releases().last().unwrap();
    says(&session, &format!("in the model 2.0.0 to 9.10.0; marked removed 10.4.0 to {}", newest.name));
    GOLDENS.compare("history-of-a-feature-120x36-styles", &session.styled());
}

#[test]
fn a_history_says_what_changed_and_what_the_guest_of_the_scenario_has() {
    let session = open(T7, USUAL).keys("h");
    has(&session, "by 10.4.0 mpx removed");
    has(&session, "4.0       mpx disabled");
    says(
        &session,
        "This guest: mpx is in the model at the source, old (9.0.0), and marked removed at the destination, new.",
    );
    says(&session, "No CPU map between 9.10.0 and 10.4.0 was read, so it may be an earlier release.");
    let machine = session.keys("/mpx disabled<enter>");
    says(&machine, "This guest's machine type pc-q35-3.1 enables mpx.");
    let machine = open(T5, USUAL).keys("h/mpx disabled<enter>");
    says(&machine, "This guest's machine type pc-q35-4.0 does not enable mpx.");
    let back = open("Skylake-Client,machine=pc-q35-3.1,from=11.3.0,to=9.0.0", USUAL).keys("h");
    says(&back, "This guest: mpx is marked removed at the source, 11.3.0, and in the model at the destination, 9.0.0.");
    // With TCG every machine type enables svm.
    let tcg = open("EPYC-Milan,accel=tcg,from=9.0.0,to=11.3.0", USUAL).keys("h").text();
    let kvm = open("EPYC-Milan,from=9.0.0,to=11.3.0", USUAL).keys("h").text();
    assert!(kvm.contains("svm enabled") && !tcg.contains("svm enabled"), "{tcg}{kvm}");
}

#[test]
fn j_k_and_both_g_move_in_every_list() {
    for screen in ["h", "hv", "d", "dv", "x", "H", "c"] {
        let after = |keys: &str| open(T7, SMALL).keys(&format!("{screen}g{keys}")).text();
        assert_ne!(after("j"), after(""), "j on {screen}");
        assert_ne!(after("G"), after(""), "G on {screen}");
        assert_eq!(after("jk"), after(""), "k on {screen}");
        assert_eq!(after("Gg"), after(""), "g on {screen}");
    }
}

#[test]
fn every_sign_and_letter_of_a_history_is_in_its_legend() {
    for (model, keys) in [("Skylake-Client", "h"), ("Skylake-Client", "hvZ"), ("EPYC-Rome", "h"), ("Haswell", "hv")] {
        for size in [SMALL, USUAL, (200, 60)] {
            let session = open(&format!("{model},machine=pc-q35-3.1,from=9.0.0,to=11.3.0"), size).keys(keys);
            let text = session.text();
            let is_legend =
                |line: &&str| ["■ on  ", "S source", "M machine type"].iter().any(|said| line.contains(said));
            let legend: Vec<&str> = text.lines().filter(is_legend).collect();
            let list = text.split(legend[0]).next().unwrap_or_default();
            let legend = legend.join(" ");
            for (sign, said) in [("■■", "■ on"), ("□□", "□ off"), ("??", "? not known"), ("◆", "◆ changed")]
            {
                assert!(!list.contains(sign) || legend.contains(said), "{sign} is not explained:\n{text}");
            }
            for said in ["S source", "D destination", "M machine type"] {
                assert!(legend.contains(said), "{said} is missing:\n{text}");
            }
        }
    }
}

#[test]
fn a_line_of_a_history_leads_to_a_guest_that_goes_over_the_change() {
    let session = open(T7, USUAL).keys("h<enter>");
    assert_eq!(kind(&session), ScreenKind::Explorer);
    assert_eq!(session.model.derived.link, "Skylake-Client,machine=pc-q35-3.1,from=9.10.0:7.2.22,to=10.4.0:7.2.22");
    has(&session, "row T7");
    // The scenario's own machine type leaves the feature off; the newest that turns it on shows the change.
    let session = open(T5, USUAL).keys("hv<enter>");
    assert_eq!(session.model.derived.link, "Skylake-Client,machine=pc-q35-3.1,from=9.10.0:7.2.22,to=10.4.0:7.2.22");
    let session = open(T5, USUAL).keys("h/mpx disabled<enter><enter>");
    assert_eq!(session.model.derived.link, "Skylake-Client,machine=pc-q35-3.1,from=old:7.2.22,to=new:7.2.22");
    let session = open(T5, USUAL).keys("h/2.7.0<enter><enter>");
    assert!(session.model.derived.link.contains("from=old:2.7.0,to=new:11.1.3"), "{}", session.model.derived.link);
    let session = open(T7, USUAL).keys("h<home><enter>");
    has(&session, "no guest of this model can migrate from it");
}

#[test]
fn another_model_or_feature_is_picked_from_a_list() {
    let session = open(T7, USUAL).keys("hp");
    GOLDENS.compare("picking-a-model-for-its-history", &session.text());
    let session = session.keys("epyc-gen<enter>");
    has(&session, "History of EPYC-Genoa");
    assert_eq!(session.model.derived.link, open(T7, USUAL).model.derived.link, "the scenario stays");
    let session = session.keys("vpsmap<enter>");
    has(&session, "History of smap");
    has(&session.keys("v"), "History of EPYC-Genoa");
    has(&open(T7, USUAL).keys("/smap<enter>h"), "History of smap");
}

#[test]
fn a_history_answers_to_search_and_mouse() {
    let session = open(T7, USUAL).keys("hv/icelake-s<enter>");
    has(&session, "Icelake-Server-noTSX");
    let session = click(session, "Icelake-Server-noTSX");
    let session = turn(session, "Icelake-Server-noTSX", Action::Up);
    says(&session, "╭ by 10.4.0 removed from Icelake-Server ─");
    let session = click(session, "Icelake-Server  ");
    assert_eq!(kind(&session), ScreenKind::Explorer);
    has(&open(T7, USUAL).keys("hv/zzz"), "Nothing matches the filter.");
}

#[test]
fn what_no_libvirt_knows_is_said() {
    let session = open(T7, USUAL).keys("hvpsvme-addr-chk<enter>");
    has(&session, "History of svme-addr-chk");
    says(&session, "Which models gained or lost svme-addr-chk; in libvirt since");
    let session = open("host-passthrough,from=old,to=new", USUAL).keys("h");
    has(&session, "History of mpx");
    says(&open(T7, USUAL).keys("hvpcmt<enter>"), "in libvirt since 2.0.0, in no QEMU that was queried");
    says(&open(T7, USUAL).keys("hvpkvmclock-stable-bit<enter>"), "in no libvirt release that was read, in QEMU since");
    has(&open(T7, USUAL).keys("hvpvmx-xsaves<enter>"), "marked added in Skylake-Client");
    has(&open(T7, USUAL).keys("hpOpteron_G1<enter>"), "now a copy of cpu64-rhel5");
}

/// Of a release that is not known, nothing is said about its models.
#[test]
fn an_unknown_release_has_no_difference() {
    for link in ["EPYC,machine=pc-q35-5.2,from=?,to=9.0.0", "EPYC,machine=pc-q35-5.2,from=9.0.0,to=?"] {
        let session = open(link, USUAL).keys("d");
        has(&session, "One of the two releases is unknown.");
        has_not(&session, "Models only on");
    }
    let models = open("EPYC,machine=pc-q35-5.2,from=9.0.0,to=?", USUAL).keys("dvv");
    has(&models, "The destination's release is unknown.");
    has(&open("GraniteRapids,from=9.0.0,to=11.3.0", USUAL).keys("d"), "Models only on the right side");
    has(&open("GraniteRapids,from=11.3.0,to=9.0.0", USUAL).keys("d"), "Models only on the left side");
    has(&open("GraniteRapids,from=9.0.0,to=11.3.0", USUAL).keys("d<enter>"), "No guest that demonstrates this line");
}

#[test]
fn keys_go_round_the_kinds_of_comparison_both_ways() {
    let session = open(T7, USUAL);
    let titled = |keys: &str| open(T7, USUAL).keys(keys).text().lines().nth(1).unwrap_or_default().to_owned();
    assert_eq!(
        [titled("dv<shift+tab>"), titled("d<tab><left>"), titled("dvvv")],
        [const { "" }; 3].map(|_| titled("d"))
    );
    assert_eq!(titled("d<right>"), titled("dv"));
    drop(session);
}

#[test]
fn what_differs_is_shown_with_what_it_does_to_guests_in_each_direction() {
    let session = open(T7, SMALL).keys("d");
    has(&session, "✗ aborted (T7)");
    has(&session, "not mentioned             ✗ aborted (T7)    ✓ unchanged (T6)");
    has(&session, "+mpx                      ✓ unchanged (T3)  ✓ unchanged (T4)");
    GOLDENS.compare("diff-of-ends-80x24", &session.text());
    GOLDENS.compare("diff-of-releases-80x24", &open(T7, SMALL).keys("dv").text());
    GOLDENS.compare("diff-of-releases-120x36-styles", &open(T7, USUAL).keys("dv<down><down>").styled());
    GOLDENS.compare("diff-of-models-120x36", &open(T7, USUAL).keys("dvv").text());
    let alike = open("EPYC,from=9.0.0,to=9.0.0", SMALL).keys("d");
    has(&alike, "No difference: 9.0.0 and 9.0.0 define EPYC in the same way.");
    GOLDENS.compare("diff-of-nothing-80x24", &alike.text());
}

#[test]
fn a_line_of_a_difference_leads_to_the_guest_it_harms() {
    let session = open(T5, USUAL).keys("d<enter>");
    assert_eq!(kind(&session), ScreenKind::Explorer);
    assert_eq!(session.model.derived.link, "Skylake-Client,machine=pc-q35-3.1,from=old:7.2.22,to=new:7.2.22");
    has(&session, "row T7");
    // From the left to the right it arrives; reverse direction the left does not know the model.
    let session = open("Skylake-Client,from=9.0.0,to=12.8.0", USUAL).keys("dv/denverton<enter><enter>");
    assert!(session.model.derived.link.ends_with("from=12.8.0:7.2.22,to=9.0.0:7.2.22"));
    has(&session, "ABORTED");
}

#[test]
fn the_sides_of_a_difference_are_picked_from_lists() {
    let session = open(T7, USUAL).keys("dvPold<esc>P7.0.0<enter>p9.0.0+mpx<enter>");
    has(&session, "7.0.0 → 9.0.0+mpx-removed");
    let session = session.keys("vpepyc-rome<enter>Pepyc<enter>");
    has(&session, "Diff of EPYC and EPYC-Rome at new");
    has(&session, "Only in the right model");
    let session = open(T7, USUAL).keys("dpicelake-client<enter>");
    has(&session, "Diff of Icelake-Client");
    let missing = open(T7, USUAL).keys("dpdenverton<enter>");
    has(&missing, "Neither old (9.0.0) nor new has the model Denverton.");
}

fn difference(session: &Session) -> &Diff {
    let Screen::Diff(state) = session.model.screens.top() else { panic!("another screen is seen") };
    state
}

#[test]
fn a_difference_that_costs_much_is_asked_while_nothing_is_typed_and_comes_to_the_same() {
    let link = "Cascadelake-Server,machine=pc-q35-5.2,topology=?,from=10.0.0,to=10.4.0";
    let mut session = open(link, USUAL).keys("d");
    update::press(&mut session.model, catalog(), Key::parse("v").unwrap());
    let unknown =
        |session: &Session| difference(session).listed.iter().filter(|line| line.guest_outcomes.is_none()).count();
    let before = unknown(&session);
    assert!(before > 10 && difference(&session).guests.is_empty(), "{before} lines are not known");
    has(&session, "not resolved yet");
    assert!(update::idle(&mut session.model, catalog()));
    while update::idle(&mut session.model, catalog()) {}
    assert!(unknown(&session) < before && !session.text().contains("not resolved yet"));
    let screen = difference(&session);
    let shown = screen.listed.iter().find_map(|line| line.guest_outcomes.as_ref()?[0].as_ref()).unwrap();
    let (from, to) = (shown.scenario.from.clone(), shown.scenario.to.clone());
    let ends = Scenario { from, to, ..session.model.scenario.clone() };
    let alone = |about, says| {
        [ends.clone(), ends.swapped()].map(|ends| {
            let apart = (&mut Answers::new(), &mut Budget::endless());
            GuestResolver::between(catalog(), &ends).outcome(about, says, apart).unwrap()
        })
    };
    for line in screen.listed.iter().take(20) {
        let Some(about) = line.about else { continue };
        assert_eq!(line.guest_outcomes, Some(alone(about, None)), "{}", line.name);
    }
    let about = screen.listed.current().unwrap().about.unwrap();
    assert_eq!(screen.guests, MENTIONS.map(|says| alone(about, says)).to_vec());
}

#[test]
fn enter_waits_for_the_line_it_goes_by() {
    let link = "Cascadelake-Server,machine=pc-q35-5.2,topology=?,from=10.0.0,to=10.4.0";
    let waited = open(link, USUAL).keys("dv<enter>").model.derived.link;
    let mut session = open(link, USUAL);
    for key in ["d", "v", "<enter>"] {
        update::press(&mut session.model, catalog(), Key::parse(key).unwrap());
    }
    assert_eq!(kind(&session), ScreenKind::Explorer);
    assert_eq!(session.model.derived.link, waited);
}

#[test]
fn a_difference_answers_to_search_mouse_and_swapped_ends() {
    let session = click(open(T7, USUAL).keys("dv"), "Cascadelake-Server  ");
    has(&session, "╭ Cascadelake-Server, by");
    let session = turn(session, "Icelake-Server  ", Action::Down);
    has(&session, "╭ Cascadelake-Server-noTSX, by");
    let session = click(session, "Cascadelake-Server-noTSX  ");
    assert_eq!(kind(&session), ScreenKind::Explorer);
    has(&open(T7, USUAL).keys("dv/zzz"), "Nothing matches the filter.");
    has(&open(T7, USUAL).keys("ds"), "new → old");
    has(&open(T7, USUAL).keys("df"), "Follow mpx");
}

#[test]
fn host_model_lists_the_models_by_score_and_says_why_one_was_chosen() {
    let link = "Skylake-Client,machine=pc-q35-5.2,host=Xeon-Gold-6148,from=9.0.0:7.2.22,to=11.3.0:10.0.13";
    GOLDENS.compare("host-model-80x24", &open(link, SMALL).keys("H").text());
    let session = open(link, USUAL).keys("H");
    GOLDENS.compare("host-model-120x36", &session.text());
    has(&session, "host-model on Xeon-Gold-6148: Skylake-Server");
    says(&session, "This guest uses Skylake-Client, not host-model. libvirt 9.0.0 with QEMU 7.2.22.");
    has(&session, "● Skylake-Server");
    has(&session, "-cpu Skylake-Server");
    says(&session, "Why Skylake-Server");
    // Another host, another release, the other side.
    let other = open(link, USUAL).keys("H<right>");
    has(&other, "host-model on Xeon-Platinum-8268: ");
    has(&open(link, USUAL).keys("Hpepyc-7502<enter>"), "host-model on EPYC-7502-32-Core: ");
    says(&open(link, USUAL).keys("HP12.8.0<enter>"), "libvirt 12.8.0 with QEMU 7.2.22");
    says(&open(link, USUAL).keys("Hv"), "libvirt 11.3.0 with QEMU 10.0.13");
    let own = link.replace("Skylake-Client", "host-model");
    says(&open(&own, USUAL).keys("H"), "This is what a start at the source gives this guest.");
    says(&open(&own, USUAL).keys("H<right>"), "This guest uses host-model, on another host or release.");
    // The features are those of the line under the cursor.
    let second = open(link, USUAL).keys("Hj");
    assert_ne!(second.text(), session.text());
    let used = session.keys("<enter>");
    assert_eq!(kind(&used), ScreenKind::Explorer);
    assert!(used.model.derived.link.starts_with("host-model,"), "{}", used.model.derived.link);
    assert!(!used.model.derived.link.contains("depends"));
    has(
        &open("Skylake-Client,accel=tcg,from=old,to=new", USUAL).keys("H<right>"),
        "Under TCG the host does not matter.",
    );
}

#[test]
fn host_model_of_a_given_host_of_an_unknown_release_and_with_several_results() {
    // A host that the scenario describes; the destination is a hypothetical release.
    let given = "EPYC,machine=pc-q35-5.2,host=AMD:25-1:avx+sse2+pni,from=9.0.0,to=new";
    let session = open(given, USUAL).keys("Hv");
    has(&session, "host-model on AMD:25-1:pni+avx+sse2: EPYC-Milan");
    says(&session, "The release new is hypothetical: the CPU map of 9.0.0 without mpx.");
    assert_ne!(open(given, USUAL).keys("H<right>").text(), open(given, USUAL).keys("H").text());
    // Without a QEMU nothing is known, which is another thing than a host that no model describes.
    let unknown = open("EPYC,machine=pc-q35-5.2,from=9.0.0:?,to=9.0.0", USUAL).keys("H");
    has(&unknown, ": unknown, because libvirt or QEMU is unknown");
    has_not(&unknown, "no CPU model describes this host");
    // Of a release that was not read there may be several; a key shows the next.
    let several = open("host-model,host=EPYC-9334-32-Core,from=9.5.0:8.1.0,to=9.5.0:8.1.0", USUAL).keys("H");
    has(&several, "features, result 1 of 2");
    has(&several, "next result");
    says(&several, "Assumed for this result: libvirt map of 9.5.0: as in 9.0.0.");
    has(&several.keys("<tab>"), "features, result 2 of 2");
    // Two results that differ only in the order of their features are one.
    let ordered = "host-model,host=Xeon-Gold-6148,machine=pc-q35-5.2,from=10.1.0:7.2.22,to=9.0.0";
    has_not(&open(ordered, USUAL).keys("H"), ", result 1 of");
    let too_old = "EPYC,machine=pc-q35-2.8,host=EPYC-7601-32-Core,from=5.0.0:2.8.0,to=9.0.0";
    has(&open(too_old, USUAL).keys("H"), "unknown, because this QEMU cannot describe the host");
    let tcg = open("EPYC,accel=tcg,from=9.0.0,to=9.0.0", USUAL).keys("Hp");
    has(&tcg, "Under TCG the host does not matter.");
}

#[test]
fn the_explorer_takes_the_host_and_the_release_of_the_host_model_screen() {
    let link = "Skylake-Client,machine=pc-q35-5.2,host=Xeon-Gold-6148,from=9.0.0:7.2.22,to=11.3.0:10.0.13";
    for (view, taken) in [("", "from=12.8.0:7.2.22"), ("v", "to=12.8.0:10.0.13")] {
        let used = open(link, USUAL).keys(&format!("H{view}P12.8.0<enter><left><enter>"));
        let link = &used.model.derived.link;
        assert!(link.starts_with("host-model,") && link.contains(taken), "{link}");
        assert!(!link.contains(",host=Xeon-Gold-6148"), "one side has the host before it in the list: {link}");
    }
}

#[test]
fn a_mode_that_needs_a_host_asks_for_one() {
    let session = open(T7, USUAL).keys("<up><enter>host-model<enter>");
    has(&session, "Host of source and destination, for host-model");
    let session = session.keys("xeon-gold-6148<enter>");
    assert!(session.model.derived.link.contains("host=Xeon-Gold-6148"), "{}", session.model.derived.link);
    let named = open(T7, USUAL).keys("<up><enter>epyc-rome<enter>");
    assert!(named.model.overlay.is_none(), "a model needs no host");
    let tcg = open("Skylake-Client,accel=tcg,from=old,to=new", USUAL).keys("<up><enter>host-model<enter>");
    assert!(tcg.model.overlay.is_none(), "under TCG the host does not matter");
}

#[test]
fn the_screens_are_read_without_colour_and_in_ascii() {
    let ascii = Settings { ascii: true, theme: ThemeName::Mono, ..Settings::default() };
    for keys in ["f", "h", "hv", "hp", "d", "dv", "dvv", "H", "x", "m", "c", "??"] {
        let text = open_with(T7, USUAL, ascii.clone()).keys(keys).text();
        assert!(text.is_ascii(), "{keys}:\n{text}");
    }
}
