//! Which modules of its own crate a source file names.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use syn::visit::{self, Visit};
use syn::{Attribute, ItemMod, ItemUse, Meta, UseTree};

/// A module or an item: the names on the way to it from the root of its crate.
pub(super) type Path = Vec<String>;

/// What a file names.
#[derive(Debug, Default)]
pub(super) struct Named {
    /// Everything under `crate`, `self` and `super`, in imports and in code.
    pub(super) paths: BTreeSet<Path>,
    /// What each import brings into the module: others may reach the item by that name.
    pub(super) imports: BTreeMap<String, Path>,
}

/// Reads the file of a module. Code of tests does not count, nor what stands inside of macro calls.
pub(super) fn read(module: &Path, text: &str) -> Result<Named> {
    let file = syn::parse_file(text).context("it is not valid Rust")?;
    let mut reader = Reader { file_module: module, module: module.clone(), named: Named::default() };
    reader.visit_file(&file);
    Ok(reader.named)
}

struct Reader<'m> {
    file_module: &'m Path,
    /// The module that is being read: the file's own or one inside of it.
    module: Path,
    named: Named,
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if !is_for_tests(&item.attrs) {
            self.module.push(item.ident.to_string());
            visit::visit_item_mod(self, item);
            self.module.pop();
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        if !is_for_tests(&item.attrs) {
            self.import(&mut Vec::new(), &item.tree);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.named.paths.extend(self.absolute(&names));
        visit::visit_path(self, path);
    }
}

impl Reader<'_> {
    fn import(&mut self, before: &mut Vec<String>, tree: &UseTree) {
        match tree {
            UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.import(before, &path.tree);
                before.pop();
            }
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.import(before, tree)),
            UseTree::Glob(_) => self.named.paths.extend(self.absolute(before)),
            UseTree::Name(name) => self.import_as(before, &name.ident.to_string(), &name.ident.to_string()),
            UseTree::Rename(name) => {
                self.import_as(before, &name.ident.to_string(), &name.rename.to_string());
            }
        }
    }

    fn import_as(&mut self, before: &[String], name: &str, alias: &str) {
        let mut names = before.to_vec();
        // `use a::b::{self}` is `use a::b`.
        let is_itself = name == "self" && !before.is_empty();
        if !is_itself {
            names.push(name.to_owned());
        }
        let alias = if is_itself && alias == "self" { names.last().cloned() } else { Some(alias.to_owned()) };
        // Without `crate`, `self` or `super` it is a module below this one, or a foreign crate, which is below nothing of ours.
        let path = self.absolute(&names).unwrap_or_else(|| [self.module.clone(), names.clone()].concat());
        if let Some(alias) = alias.filter(|_| self.module == *self.file_module) {
            self.named.imports.insert(alias, path.clone());
        }
        self.named.paths.insert(path);
    }

    /// A path that begins with `crate`, `self` or `super`, from the root of the crate.
    fn absolute(&self, names: &[String]) -> Option<Path> {
        let supers = names.iter().skip_while(|name| *name == "self").take_while(|name| *name == "super");
        let supers = supers.count();
        let mut path = match names.first()?.as_str() {
            "crate" => Vec::new(),
            "self" | "super" => self.module[..self.module.len().saturating_sub(supers)].to_vec(),
            _ => return None,
        };
        let is_keyword = |name: &&String| matches!(name.as_str(), "crate" | "self" | "super");
        path.extend(names.iter().skip_while(is_keyword).cloned());
        Some(path)
    }
}

/// Whether `#[cfg(test)]` is among the attributes.
fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string() == "test",
        Meta::Path(_) | Meta::NameValue(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Vec<String> {
        let module = ["a", "b"].map(str::to_owned).to_vec();
        read(&module, text).unwrap().paths.iter().map(|path| path.join("::")).collect()
    }

    #[test]
    fn imports_are_read_however_they_are_nested() {
        assert_eq!(named("use crate::x::{y::{self, Z}, w as v};"), ["x::w", "x::y", "x::y::Z"]);
        assert_eq!(named("use super::{self, c, super::d::E};"), ["a", "a::c", "d::E"]);
        assert_eq!(named("pub use child::Item; use self::other::*;"), ["a::b::child::Item", "a::b::other"]);
    }

    #[test]
    fn code_counts_and_tests_texts_and_comments_do_not() {
        assert_eq!(named("fn f(_: crate::x::Y<super::Z>) { super::g::<u8>(); }"), ["a::Z", "a::g", "x::Y"]);
        assert_eq!(named("/// [`crate::x`]\nconst T: &str = \"use crate::y;\"; // crate::z"), [""; 0]);
        assert_eq!(named("#[cfg(test)] use crate::x; #[cfg(test)] mod tests { use crate::y; }"), [""; 0]);
    }

    #[test]
    fn super_inside_of_an_inline_module_is_the_file() {
        assert_eq!(named("mod inner { use super::X; use super::super::Y; }"), ["a::Y", "a::b::X"]);
    }

    #[test]
    fn an_import_is_known_by_its_name() {
        let named = read(&vec!["a".to_owned()], "pub use b::{C, D as E}; use super::f::{self};").unwrap();
        let imports: Vec<_> =
            named.imports.iter().map(|(name, path)| format!("{name}={}", path.join("::"))).collect();
        assert_eq!(imports, ["C=a::b::C", "E=a::b::D", "f=f"]);
    }
}
