//! What the XML reader accepts is well-formed: on the same input it agrees with roxmltree, tree and all.

use proptest::prelude::*;
use virt_cpu_explorer::internal::load::xml::{Document, Element, MAX_BYTES, MAX_DEPTH, MAX_NODES};

/// Writes an element of ours as one text, so that two trees can be compared.
fn ours(element: &Element<'_>) -> String {
    let attributes: Vec<String> = element
        .attributes
        .iter()
        .filter(|(name, _)| *name != "xmlns" && !name.starts_with("xmlns:"))
        .map(|(name, value)| format!("{}={value:?}", local(name)))
        .collect();
    let children: Vec<String> = element.children.iter().map(ours).collect();
    format!("{}{attributes:?}{:?}{children:?}", local(element.name), element.text)
}

fn local(name: &str) -> &str {
    name.split_once(':').map_or(name, |(_, local)| local)
}

fn theirs(node: roxmltree::Node<'_, '_>) -> String {
    let attributes: Vec<String> = node.attributes().map(|a| format!("{}={:?}", a.name(), a.value())).collect();
    let text: String = node.children().filter_map(|child| if child.is_text() { child.text() } else { None }).collect();
    let children: Vec<String> = node.children().filter(roxmltree::Node::is_element).map(theirs).collect();
    format!("{}{attributes:?}{text:?}{children:?}", node.tag_name().name())
}

/// Returns both answers: the tree, or nothing where the text is refused.
fn both(text: &str) -> (Result<String, String>, Result<String, String>) {
    let our = Document::parse("x", text).map(|document| ours(&document.root)).map_err(|error| error.to_string());
    let their = roxmltree::Document::parse(text);
    (our, their.map(|document| theirs(document.root_element())).map_err(|error| error.to_string()))
}

#[test]
fn what_is_not_well_formed_is_refused() {
    for text in [
        "",
        " ",
        "<a>",
        "<a/><b/>",
        "<a/>x",
        "x<a/>",
        "<a></b>",
        "</a>",
        "<></>",
        "<1/>",
        "<a</>",
        "<a b/>",
        "<a b=c/>",
        "<a b='1' b='2'/>",
        "<a b='1'c='2'/>",
        "<a b='<'/>",
        "<a b='&x;'/>",
        "<a>&x;</a>",
        "<a>&#0;</a>",
        "<a>&#xd800;</a>",
        "<a>&#x110000;</a>",
        "<a>&</a>",
        "<a>&amp</a>",
        "<a>]]></a>",
        "<a>\u{1}</a>",
        "<a>\u{fffe}</a>",
        "<a b='\u{0}'/>",
        "<!-- a -- b --><a/>",
        "<a><!-- x ---></a>",
        "<a/><![CDATA[x]]>",
        "<![CDATA[x]]><a/>",
        "<!DOCTYPE a><a/>",
        "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>",
        " <?xml version='1.0'?><a/>",
        "<a/><?xml version='1.0'?>",
        "<a><?xml version='1.0'?></a>",
        "<?xml?><a/>",
        "<?xml version='2.0'?><a/>",
        "<x:a/>",
        "<a x:b='1'/>",
        "<a:b:c/>",
        "<a b=\"1/>",
        "<a",
        "<a/",
        "<",
        "<a><b></a></b>",
        "<a/>&amp;",
        "<?XML x?><a/>",
        "<a><![CDATA[</a>",
        "<!-- <a/>",
        "<a><?p</a>",
        "< a/>",
        "<a></ a>",
        "<a / >",
        "<!ELEMENT a><a/>",
        "<a b = />",
        "<a>\u{b}</a>",
        "<:a/>",
        "<a:/>",
        "<xmlns:a/>",
        "<a xmlns:xml='u'/>",
        "<a xmlns:b='http://www.w3.org/XML/1998/namespace'/>",
        "<a xmlns:b='http://www.w3.org/2000/xmlns/'/>",
        "<a xmlns='http://www.w3.org/XML/1998/namespace'/>",
        "<a xmlns='http://www.w3.org/2000/xmlns/'/>",
        "<a xmlns:xmlns='u'/>",
        "<a xmlns:b=''/>",
        "<a xmlns:b='u' xmlns:c='u' b:d='1' c:d='1'/>",
        "<a xmlns:b='u'><e xmlns:c='u' b:d='1' c:d='1'/></a>",
    ] {
        let (our, their) = both(text);
        assert!(our.is_err(), "{text:?} was accepted as {our:?}; roxmltree says {their:?}");
        let message = our.unwrap_err();
        assert!(message.starts_with("x:") && message.contains(": expected "), "{message}");
    }
}

#[test]
fn what_is_well_formed_is_read_alike() {
    for text in [
        "<a/>",
        "\u{feff}<a/>",
        "<?xml version='1.0' encoding='utf-8' standalone='yes' ?>\n<a></a >\n<!-- x -->\n",
        "<a b='1' c=\"2\"\td = '3'\n/>",
        "<a>x<b/>y<![CDATA[<z>&]]>&lt;&#65;&#x42;&quot;</a>",
        "<a b='&lt;&#10;\t\n'/>",
        "<a>\r\n\r</a>",
        "<a b='\r\n\r'/>",
        "<p:a xmlns:p='u'><p:b p:c='1'/></p:a>",
        "<a xmlns='u' xmlns:b='u' d='1' b:d='1'/>",
        "<a xmlns:b='u'><e xmlns:b='v' xmlns:c='u' b:d='1' c:d='1'/></a>",
        "<a xml:lang='de'/>",
        "<?style x?><a><?b?></a><?c d?>",
        "<é ü='ß'>ж</é>",
        "<a><!--x--><!-- - --></a>",
        "<a.b-c_1/>",
        "<a b='>'>></a>",
    ] {
        let (our, their) = both(text);
        assert_eq!(our, their, "{text:?}");
        assert!(our.is_ok(), "{text:?}: {our:?}");
    }
}

#[test]
fn limits_are_errors_at_once() {
    let nested = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
    assert!(Document::parse("x", &nested(MAX_DEPTH)).is_ok());
    let deep = Document::parse("x", &nested(200_000)).unwrap_err().to_string();
    assert_eq!(deep, "x:1:193: expected at most 64 levels, found <a> one level deeper");
    let large = Document::parse("x", &" ".repeat(MAX_BYTES + 1)).unwrap_err().to_string();
    assert_eq!(large, "x: expected at most 16 MiB, found 16777217 bytes");
    let many = Document::parse("x", &format!("<a>{}</a>", "<b/>".repeat(MAX_NODES))).unwrap_err().to_string();
    assert!(many.contains("expected at most 262144 elements"), "{many}");
}

#[test]
fn a_place_is_counted_in_lines_and_letters() {
    let error = Document::parse("x", "<a>\n\u{fc}\u{e9}<b></a>").unwrap_err().to_string();
    assert_eq!(error, "x:2:6: expected </b>, found </a>");
    let error = Document::from_bytes("x", b"<a>\n\xc3\xbc\xff</a>").unwrap_err().to_string();
    assert_eq!(error, "x:2:2: expected UTF-8 text, found the byte 0xff");
}

/// Random pieces of XML, usually well-formed.
fn piece() -> impl Strategy<Value = String> {
    let fixed = prop::sample::select(vec![
        "<a>",
        "</a>",
        "<b>",
        "</b>",
        "<a/>",
        "<b c='1'/>",
        "<b c='1' c='2'>",
        "<b c=\"&lt;\" d='\n'>",
        "text",
        " ",
        "\n",
        "\r\n",
        "&amp;",
        "&#65;",
        "&#x0;",
        "&y;",
        "&",
        "<",
        ">",
        "]]>",
        "<![CDATA[x<y]]>",
        "<!-- x -->",
        "<!-- -- -->",
        "<?p q?>",
        "<?xml version='1.0'?>",
        "<!DOCTYPE a>",
        "'",
        "\"",
        "=",
        "/",
        "\u{1}",
        "\u{fffe}",
        "ä",
        "<ä/>",
        "</a >",
        "<a b=c>",
        "<1>",
        "</>",
        "<!",
        "--",
        "]]",
        "<a\tb='x'\n>",
        "<b d='é'/>",
    ]);
    prop_oneof![20 => fixed.prop_map(str::to_owned), 1 => "\\PC{0,4}"]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_judged_as_roxmltree_does(pieces in prop::collection::vec(piece(), 0..12), wrap in any::<bool>()) {
        let inner = pieces.concat();
        let text = if wrap { format!("<r>{inner}</r>") } else { inner };
        let (our, their) = both(&text);
        if text.contains("<!DOCTYPE") {
            prop_assert!(our.is_err());
        } else if let Ok(tree) = &our {
            prop_assert_eq!(Ok(tree), their.as_ref(), "{:?}", text);
        } else {
            prop_assert!(their.is_err(), "{:?} is refused: {:?}", text, our);
        }
    }
}
