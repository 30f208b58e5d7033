//! Screens that once misled, one test each.

#[path = "support/typed.rs"]
mod typed;

use typed::{catalog, has, has_not, open};
use virt_cpu_explorer::internal::app::action::ACTIONS;
use virt_cpu_explorer::internal::app::update;
use virt_cpu_explorer::internal::domain::scenario::Scenario;
use virt_cpu_explorer::internal::input::domain;

const T7: &str = "Skylake-Client,machine=pc-q35-3.1,from=old,to=new";
const SMALL: (u16, u16) = (80, 24);
const USUAL: (u16, u16) = (120, 36);

/// No CPU was ever built: QEMU does not have the machine type, and libvirt not the model.
const NEVER_STARTED: [&str; 2] =
    ["Broadwell,machine=pc-q35-9.0,from=9.0.0:7.2.22,to=11.3.0:10.0.13", "Skylake-Client,from=1.2.0,to=9.0.0"];

#[test]
fn the_text_cursor_of_a_list_is_on_the_letter_that_it_covers() {
    let session = open(T7, USUAL).keys(":日本<left>");
    // A wide letter fills two cells.
    has(&session, "/ 日 本");
}

#[test]
fn up_from_the_table_leads_to_a_fix_that_is_seen() {
    for size in [SMALL, USUAL] {
        let session = open(T7, size).keys("<tab><tab><tab><tab><up><up>");
        has(&session, "row T3");
        // Enter on a cell explains its row and changes nothing.
        let link = session.model.derived.link.clone();
        let session = session.keys("<enter>");
        has(&session, "Rule T3:");
        assert_eq!(session.model.derived.link, link);
        // Above the table are the fixes, with a cursor.
        has(&open(T7, size).keys("r<tab><tab><tab><tab><home><up>"), "▸5");
    }
}

#[test]
fn features_have_a_tab_stop_where_there_is_no_room_for_their_pane() {
    let session = open(T7, SMALL);
    has_not(&session, "src map");
    let session = session.keys("<shift+tab>");
    has(&session, "src map");
    has(&session, "mpx");
    has(&open(T7, SMALL).keys("v"), "v next filter");
    has(&open(T7, SMALL).keys("/sse4"), "matching sse4");
}

#[test]
fn the_verdict_stage_says_the_verdict() {
    for size in [SMALL, USUAL] {
        let session = open(T7, size).keys("f<left><left><left><left><left><left><left><left><left><left>");
        let session = session.keys("<right><right><right><right><right><right><right><right><right>");
        has(&session, "10 verdict: ✗ aborted");
        has_not(&session, "not reached");
    }
}

#[test]
fn the_rule_outside_of_the_table_is_whole() {
    let long = "SapphireRapids,+vmx,machine=pc-q35-5.2,from=9.0.0:7.2.22,to=11.3.0:10.0.13";
    for link in NEVER_STARTED.into_iter().chain([long]) {
        for size in [SMALL, USUAL, (200, 60)] {
            let text = open(link, size).text();
            let line = text.lines().find(|line| line.contains("Rule ") && !line.contains('╭')).unwrap_or_default();
            assert!(!line.is_empty() && !line.contains('…'), "{link} {size:?}: {line:?}\n{text}");
        }
    }
}

#[test]
fn features_of_a_guest_that_never_started_are_neither_on_nor_off() {
    let text = open(NEVER_STARTED[0], USUAL).keys("v").text();
    assert!(text.contains("QEMU built no CPU at the source"), "{text}");
    for size in [USUAL, (200, 60)] {
        for link in NEVER_STARTED {
            let session = open(link, size);
            for wrong in ["on everywhere", "off everywhere", "maps and QEMU agree", "both QEMUs"] {
                has_not(&session, wrong);
            }
        }
    }
    has(&open(NEVER_STARTED[0], USUAL), "54 in the model, no CPU was built");
}

#[test]
fn the_features_of_one_case_are_called_so() {
    let any = "EPYC,machine=pc-q35-5.2,host=any,from=9.0.0:7.2.22,to=9.0.0:7.2.22";
    let session = open(any, USUAL);
    let count = session.model.derived.answer.case_count();
    assert!(count > 1);
    has(&session, " features in one possible case");
    has(&session.keys("f"), &format!("This is one of {count} cases with the same verdict."));
    has_not(&open(T7, USUAL), " cases");
}

#[test]
fn fold_all_says_what_it_does_next() {
    let session = open(T7, USUAL).keys("m");
    has(&session, "l unfold all");
    let session = session.keys("l");
    has(&session, "l fold all");
    has_not(&session, "unfold all");
}

#[test]
fn a_cell_that_has_another_verdict_than_its_row_says_so() {
    // libvirt before 3.2.0 makes no full check.
    let session = open("Skylake-Client,machine=pc-q35-3.1,from=3.1.0,to=new", USUAL).keys("m");
    has(&session, "row T7, which says aborted");
    has(&open(T7, USUAL).keys("m"), "row T7 · inferred");
}

#[test]
fn what_was_copied_is_shown_as_far_as_it_fits() {
    let mut session = open("host-model,host=Cooperlake,from=9.0.0,to=11.3.0", SMALL);
    session.model.notice = Some(update::copied(&format!("-cpu Cooperlake,{}", "vmx=on,".repeat(30))));
    let text = session.text();
    let line = text.lines().last().unwrap();
    assert!(line.starts_with(" Copied: -cpu Cooperlake,vmx=on,") && line.chars().count() == 80, "{line:?}");
}

#[test]
fn copying_a_command_line_or_a_document_has_one_key() {
    let keys = |id: &str| ACTIONS.iter().find(|info| info.id == id).map(|info| info.keys).unwrap_or_default();
    assert!(keys("copy-cpu").contains(&"C") && keys("copy-part").contains(&"C"));
}

#[test]
fn an_unknown_value_has_its_label() {
    has(&open("Cascadelake-Server,machine=pc-q35-5.2,topology=?,from=10.0.0,to=10.4.0", SMALL), "topology ?");
}

#[test]
fn the_number_of_hidden_settings_has_its_word() {
    for text in ["+ 9 defaults (z)", "+2 (z)"] {
        has(&open(T7, SMALL), text);
    }
}

#[test]
fn signs_of_rare_verdicts_are_told_where_they_stand() {
    let session = open(T7, USUAL);
    has(&session, "? depends");
    has(&session, "! changed   – never");
    has(&session, "●new ✗ T7 │");
}

#[test]
fn a_note_of_the_demonstration_fits_into_a_small_terminal() {
    let notes = include_str!("../assets/demo/abort.keys").lines().filter_map(|line| line.strip_prefix("note "));
    for note in notes {
        assert!("1/6  ".len() + note.len() + 4 <= usize::from(SMALL.0), "{note}");
    }
}

#[test]
fn a_description_that_is_cut_in_a_list_is_whole_under_the_cursor() {
    has(&open(T7, SMALL).keys("t"), "─ 4 min  A CPU model is a name. Each libvirt");
}

#[test]
fn a_machine_type_that_qemu_lacks_has_an_older_one_as_its_fix() {
    let session = open(NEVER_STARTED[0], USUAL);
    has(&session, "1 machine type pc-q35-7.2");
    has(&session.keys("1"), "✓ COMPLETES");
}

#[test]
fn a_missing_machine_type_has_lanes_on_whatever_host() {
    let link = "SapphireRapids,+vmx,machine=pc-q35-rhel9.4.0,host=any,from=10.0.0,to=10.4.0";
    let session = open(link, USUAL);
    has(&session, "guest requires   + machine type pc-q35-rhel9.4.0");
    has(&session, "no such machine type");
}

#[test]
fn a_lesson_is_called_a_lesson() {
    for info in ACTIONS {
        let text = format!("{} {}", info.title, info.doc).to_lowercase();
        assert!(!text.contains("tour"), "{text}");
    }
    for key in ["t", "?", "t<enter>"] {
        has_not(&open(T7, USUAL).keys(key), " tour");
    }
}

#[test]
fn no_fix_is_cut_at_any_size() {
    for width in [80, 90, 104, 112, 119, 120, 140, 160, 180, 200] {
        for height in [24, 31, 36, 48, 60] {
            let session = open(T7, (width, height));
            has(&session, "2 migrate via a host with libvirt 10.4.0 ");
            has(&session, "3 set +mpx in the CPU definition ");
            has_not(&session, "old new →");
        }
    }
}

#[test]
fn values_that_decide_and_sentences_have_one_column() {
    for size in [SMALL, USUAL] {
        let session = open("EPYC,host=any,machine=pc-q35-5.2,from=9.0.0,to=11.3.0:10.0.13,topology=?", size);
        let (value, sentence) = (session.place_of("1 1-1-1"), session.place_of("So it is unknown"));
        assert_eq!(value.0, sentence.0, "{size:?}:\n{}", session.text());
    }
}

#[test]
fn the_lanes_of_an_upgraded_source_do_not_call_the_old_release_the_source() {
    let upgraded = "Skylake-Client,machine=pc-q35-3.1,started=9.0.0,from=10.4.0,to=9.0.0";
    for size in [SMALL, USUAL] {
        has(&open(upgraded, size), "START libvirt 9.0.0");
        has_not(&open(upgraded, size), "SOURCE libvirt");
        has(&open(T7, size), "SOURCE libvirt 9.0.0");
    }
}

#[test]
fn a_pane_with_the_cursor_is_drawn_at_every_size() {
    for size in [(60, 20), SMALL, USUAL] {
        let session = open(T7, size).keys("<tab><tab><tab><tab><tab>");
        has(&session, "machine types     ●<= 3.1");
        has(&session, "extra features: mpx");
        has(&session.keys("<down>"), "machine types     ●<= 3.1");
    }
}

#[test]
fn the_eight_rows_are_one_key_away_at_every_size() {
    for size in [(60, 20), SMALL, (90, 30), USUAL, (200, 60)] {
        let session = open(T7, size).keys("r");
        for row in ["T1 anything", "T3 $M +mpx", "T6 $M -mpx", "▶T7 $M ", "T8 $M "] {
            has(&session, row);
        }
        has(&session, "extra features: mpx");
        has(&session, "grid");
        has(&session.keys("<tab><tab><tab>"), "▸1 libvirt 10.4.0 at the destination");
    }
}

#[test]
fn all_settings_are_shown_or_marked_as_cut() {
    for size in [(60, 20), SMALL] {
        let session = open(T7, size).keys("z");
        for setting in
            ["match exact", "transport live", "pmu default", "host has all it needs", "via none", "removed default"]
        {
            has(&session, setting);
        }
    }
    // Without room, a sign shows that more follow.
    has(&open(T7, (60, 20)), "mpx not mentioned …");
    has(&open("Skylake-Client,machine=pc-q35-3.1,from=debian:12,to=debian:13", SMALL), "+ 2 defaults (z) …");
}

#[test]
fn stages_side_by_side_leave_the_wire_and_a_blank_between_entries() {
    let svm = "EPYC,machine=pc-q35-5.2,topology=1-2-1,from=9.0.0:7.2.22,to=11.3.0:10.0.13";
    for (link, search) in [(T7, ""), (svm, "/svm<enter>")] {
        for width in [118, 120, 126, 140, 200] {
            let session = open(link, (width, 36)).keys("f").keys(search);
            let text = session.text();
            let pane =
                || text.lines().skip_while(|line| !line.contains("SOURCE")).take_while(|line| line.starts_with('│'));
            let wire = pane().next().and_then(|line| line.chars().position(|c| c == '┊'));
            for line in pane() {
                let crossing = wire.and_then(|wire| line.chars().nth(wire));
                assert!(matches!(crossing, Some('┊' | '╪')), "{width}: {line:?}\n{text}");
            }
            assert!(pane().any(|line| line.contains("╪▶")), "{width}\n{text}");
            has_not(&session, "disable-");
        }
    }
}

#[test]
fn a_running_guest_has_one_reverse_direction_on_every_screen() {
    for (file, from, to) in [
        ("rhel-9.6-10.1/kubevirt.xml", "rhel:9.6", "rhel:10.1"),
        ("rhel-9.6-10.1/virt-manager.xml", "rhel:9.6", "rhel:10.1"),
        ("debian-12-13/kubevirt.xml", "debian:12", "debian:13"),
    ] {
        let path = format!("{}/tests/data/distributions/{file}", env!("CARGO_MANIFEST_DIR"));
        let between = Scenario::parse(catalog(), &format!("EPYC,from={from},to={to}")).unwrap();
        let guest = domain::scenario(catalog(), &between, file, &std::fs::read(path).unwrap()).unwrap();
        let explorer = open(&guest.scenario.link(catalog()), USUAL);
        let text = explorer.text();
        let (_, outcome) = text.split_once("Reverse direction: ").unwrap();
        let outcome = outcome.lines().next().unwrap_or_default().to_owned();
        assert!(outcome.starts_with("unchanged"), "{file}: {outcome}");
        has(&explorer.keys("m"), &format!("reverse direction  ✓ {outcome}"));
        let swapped = open(&guest.scenario.swapped().link(catalog()), USUAL);
        has(&swapped, "COMPLETES, the guest's CPU is unchanged");
    }
}

#[test]
fn the_comparison_tries_machine_types_that_both_qemus_have() {
    let rome = "EPYC-Rome,machine=pc-q35-5.2,topology=1-2-1,from=debian:12,to=debian:13";
    let session = open(rome, USUAL).keys("d");
    has(&session, "coreduo                   ✓ unchanged");
    has_not(&session, "machine-type");
    let rhel = "Skylake-Client,machine=pc-q35-3.1,from=rhel:9.6,to=rhel:10.1";
    has_not(&open(rhel, USUAL).keys("d"), "machine-type");
}

#[test]
fn the_machine_types_are_those_of_the_sources_package() {
    let rhel = open("Skylake-Client,machine=pc-q35-3.1,from=rhel:9.6,to=rhel:10.1", USUAL);
    has(&rhel, "machine types     ●3.1 ø machine-type   ");
    has(&rhel, ">= rhel9.0.0 ✓ T2");
    let matrix = rhel.keys("m");
    has(&matrix, "..rhel9.6.0");
    has(&matrix, "✓  unchanged");
    has(&open("EPYC,machine=pc-q35-jammy,from=ubuntu:22.04,to=ubuntu:24.04", USUAL), "machine types     ●");
}

#[test]
fn texts_are_cut_with_a_sign() {
    let debian = open("Skylake-Client,machine=pc-q35-3.1,from=debian:12,to=debian:13", SMALL);
    has(&debian, "SOURCE 9.0.0-4+deb12u2 ");
    has(&debian, "DESTINATION 11.3.0-3+deb13…");
    let rhel = open("Skylake-Client,machine=pc-q35-3.1,from=rhel:9.6,to=rhel:10.1", SMALL);
    has(&rhel, "SOURCE 10.10.0-7.6.el9_6 ");
    let text = rhel.keys("<tab><tab><tab><tab><tab>").text();
    let strip = text.lines().find(|line| line.contains("destinations  ")).unwrap_or_default();
    assert!(strip.ends_with('…'), "{strip:?}");
    for size in [SMALL, USUAL] {
        has(&open(T7, size).keys("ml"), " pc-q35-3.1 ▼ ▸");
    }
}

#[test]
fn what_was_not_read_of_a_release_is_told_without_names_of_switches() {
    for size in [SMALL, USUAL] {
        let rhel = open("Skylake-Client,machine=pc-q35-rhel9.6.0,from=rhel:9.6,to=rhel:10.1", size);
        has_not(&rhel, "switch ");
        has(&rhel, "how libvirt 10.10.0 behaves");
    }
}

#[test]
fn escape_from_a_search_returns_to_the_feature_before_it() {
    for keys in ["f/zz<esc>", "f/sm<esc>", "f/sm<enter><esc>", "f/zz<backspace><backspace><esc>"] {
        has(&open(T7, USUAL).keys(keys), "Follow mpx");
    }
    // A feature that was selected stays.
    has_not(&open(T7, USUAL).keys("f/sm<enter><down><esc>"), "Follow mpx");
}

#[test]
fn the_stages_of_an_unknown_host_name_the_keys_that_set_it() {
    for size in [SMALL, USUAL] {
        let session = open("host-model,from=debian:12,to=debian:13", size).keys("f");
        has(&session, "No stages: DEPENDS on host. Press esc for its values in the explorer, or : to");
        has_not(&session, "space play");
        has_not(&session, "XML here");
    }
}

#[test]
fn the_xml_marks_the_feature_that_decides() {
    let ht = "EPYC,machine=pc-q35-5.2,topology=1-2-1,from=9.0.0:7.2.22,to=11.3.0:10.0.13";
    let session = open(ht, USUAL).keys("x");
    has(&session, "· ht is not mentioned");
    has_not(&session, "mpx is not mentioned");
    has(&open(T7, USUAL).keys("x"), "mpx is not mentioned");
}

#[test]
fn follow_tells_of_the_model_that_host_model_becomes() {
    let guest = "host-model,host=Xeon-Gold-6148,from=ubuntu:22.04,to=11.3.0:10.0.13";
    let opened = open(guest, (120, 36)).keys("f");
    has(&opened, "Machine type pc-q35-4.0 does not enable mpx in Skylake-Server.");
    // The live definition has what the map has in the model, without saying so: nothing changes.
    has_not(&opened, "pclmuldq");
    has(&opened, "mpx                           · ■ · □ - - ┊ - □ ✓");
    let prepared = opened.keys("<left><left>");
    has(&prepared, "has it in Skylake-Server");
    has(&prepared.keys("<left>"), "its mode has no model");
}

#[test]
fn follow_expects_nothing_of_a_definition_without_a_model() {
    let guest = "host-passthrough,from-host=EPYC-7502-32-Core,to-host=EPYC-7601-32-Core,from=debian:12,to=debian:13";
    let opened = open(guest, (120, 36)).keys("f");
    has(&opened, "clwb                          · · · ■ · · ┊ · □ ·  LOST");
    has_not(&opened, "□ ≠ ■");
    // A model that is not known is one of several, and the map has it.
    has_not(&open("?,from=debian:12,to=debian:13", (120, 36)).keys("f"), "its mode has no model");
}

#[test]
fn the_explorer_shows_the_map_s_model_of_host_model() {
    let opened = open("host-model,host=Xeon-Gold-6148,from=ubuntu:22.04,to=11.3.0:10.0.13", (200, 60));
    has(&opened, "CPU map says     ■ mpx in Skylake-Server                   ┊  □ mpx removed='yes'");
    has(&opened, "Enabled in both maps and both QEMUs: 69");
    has(&opened, "nothing is written: row T7.");
}
