//! Defines a macro for enums whose values have a name in libvirt's XML and in links.

macro_rules! named_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$item_doc:meta])* $item:ident $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[allow(unreachable_pub, reason = "some of these enums are only for the crate")]
        pub enum $name { $($(#[$item_doc])* $item),+ }

        #[allow(dead_code, unreachable_pub, reason = "not every enum needs all of it, or outside of the crate")]
        #[doc(hidden)]
        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$item),+];

            /// Returns the name in libvirt's XML and in links.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$item => $word),+ }
            }

            /// Returns the value with this name.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.name() == word)
            }
        }
    };
}
pub(crate) use named_enum;
