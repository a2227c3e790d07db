//! The shape of the tree, enforced: who may import whom, what stays pure, how long a file may be.
//!
//! The table below is the crate's architecture. A module imports from the modules named in its row and from nothing
//! else of the crate; rows stand in the order of `src/lib.rs`, lowest first.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};

const MAX_LINES: usize = 500;

/// No clock, file, socket, environment, thread, randomness or async runtime.
const PURE: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("messages", &["error"]),
    ("settings", &["error", "messages"]),
    ("tools", &["error", "messages", "settings"]),
    ("eventstream", &["error"]),
    ("wire", &["error", "eventstream"]),
    ("profile", &["error", "messages", "settings", "tools"]),
    ("preflight", &["wire", "profile"]),
    ("convert", &["error", "messages", "settings", "tools", "wire", "profile", "preflight"]),
    ("stream", &["error", "messages", "settings", "tools", "wire", "profile", "convert"]),
];

/// The rest. It may use what is pure, and what is named in its row.
const IMPURE: &[(&str, &[&str])] = &[
    ("environment", &[]),
    ("transport", &["environment"]),
    ("sign", &[]),
    ("retry", &["environment"]),
    ("endpoint", &["environment"]),
    ("credentials", &["environment", "transport", "sign", "endpoint", "retry"]),
    ("client", &["environment", "transport", "sign", "endpoint", "retry", "credentials"]),
    ("provider", &["environment", "transport", "sign", "endpoint", "retry", "credentials", "client"]),
    ("model", &["environment", "transport", "client", "provider"]),
    ("serve", &["environment", "transport"]),
    ("guide", &[]), // documentation alone
];

/// The pure modules that a module of the second table may use, where that is not all of them.
const NARROW: &[(&str, &[&str])] = &[
    ("environment", &[]),
    ("transport", &["error"]),
    ("sign", &["error"]),
    ("retry", &["error"]),
    ("endpoint", &["error"]),
    ("credentials", &["error"]),
    ("client", &["error", "eventstream", "wire"]),
    ("provider", &["error", "profile"]),
    ("serve", &["error"]),
    ("guide", &[]),
];

/// What no pure module names.
const IMPURITIES: &[&str] = &[
    "std::env",
    "std::fs",
    "std::net",
    "std::thread",
    "std::process",
    "std::io::stdin",
    "SystemTime",
    "Instant::now",
    "tokio::",
    "reqwest::",
    "aws_",
    "http::",
    "tracing::",
    "hyper",
];

fn allowed(module: &str) -> Option<Vec<&'static str>> {
    let row = |table: &[(&'static str, &'static [&'static str])]| {
        table.iter().find(|(name, _)| *name == module).map(|(_, imports)| imports.to_vec())
    };
    if let Some(imports) = row(PURE) {
        return Some(imports);
    }
    let mut imports = row(IMPURE)?;
    imports.extend(row(NARROW).unwrap_or_else(|| PURE.iter().map(|(name, _)| *name).collect()));
    Some(imports)
}

fn is_pure(module: &str) -> bool {
    PURE.iter().any(|(name, _)| *name == module)
}

/// The source without comments, so that documentation may name what it likes.
fn code(source: &str) -> String {
    let lines = source.lines().map(|line| match line.find("//") {
        Some(at) if !line[..at].ends_with(':') => &line[..at],
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The names that follow `crate::` in `code`: the first path segment, or each of a braced group.
fn imports(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, matched) in code.match_indices("crate::") {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let rest = &code[at + matched.len()..];
        match rest.strip_prefix('{') {
            None => found.push(word(rest)),
            Some(group) => found.extend(group_heads(group)),
        }
    }
    found.retain(|name| !name.is_empty());
    found
}

fn group_heads(group: &str) -> Vec<String> {
    let (mut heads, mut depth, mut at_head) = (Vec::new(), 0, true);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => at_head = true,
            c if at_head && depth == 0 && !c.is_whitespace() => {
                heads.push(word(&group[at..]));
                at_head = false;
            }
            _ => {}
        }
    }
    heads
}

fn word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// What is wrong with one source file of `module`.
fn violations(module: &str, source: &str) -> Vec<String> {
    let code = code(source);
    let Some(allowed) = allowed(module) else { return vec![format!("`{module}` has no row in the import table")] };
    let mut wrong: Vec<String> = imports(&code)
        .into_iter()
        .filter(|name| name != module && !allowed.contains(&name.as_str()))
        .map(|name| format!("`{module}` imports `crate::{name}`"))
        .collect();
    if is_pure(module) {
        let impure = IMPURITIES.iter().filter(|name| code.contains(**name));
        wrong.extend(impure.map(|name| format!("`{module}` is pure and names `{name}`")));
    }
    wrong
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() && !entry.ends_with("target") {
            files.extend(rust_files(&entry));
        } else if entry.extension().is_some_and(|ending| ending == "rs" || ending == "py") {
            files.push(entry);
        }
    }
    files.sort();
    files
}

#[test]
fn imports_point_only_up_the_list() {
    let src = root().join("src");
    let mut wrong = Vec::new();
    for file in rust_files(&src) {
        let path = file.strip_prefix(&src).unwrap();
        let module = path.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned();
        if module == "lib" || module == "bin" {
            continue;
        }
        let source = fs::read_to_string(&file).unwrap();
        wrong.extend(violations(&module, &source).into_iter().map(|what| format!("{}: {what}", path.display())));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_program_uses_the_public_api_alone() {
    for file in rust_files(&root().join("src/bin")) {
        let source = fs::read_to_string(&file).unwrap();
        assert!(!code(&source).contains("#[path"), "{} reaches into the library", file.display());
    }
}

#[test]
fn no_file_is_longer_and_no_folder_deeper_than_agreed() {
    let mut wrong = Vec::new();
    for folder in ["src", "tests", "benches"] {
        for file in rust_files(&root().join(folder)) {
            let path = file.strip_prefix(root()).unwrap();
            let lines = fs::read_to_string(&file).unwrap().lines().count();
            if lines > MAX_LINES {
                wrong.push(format!("{} has {lines} lines, more than {MAX_LINES}", path.display()));
            }
            if folder == "src" && path.components().count() > 4 {
                wrong.push(format!("{} is more than two folders deep", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_violation_is_caught() {
    assert_eq!(violations("wire", "use crate::eventstream::Frame;"), [] as [&str; 0]);
    assert_eq!(violations("wire", "use crate::convert::x;"), ["`wire` imports `crate::convert`"]);
    assert_eq!(violations("wire", "// crate::convert\n/// [`crate::client`]\n"), [] as [&str; 0]);
    assert_eq!(
        violations("convert", "use crate::{error::{Error, Result}, client::Client, model};"),
        ["`convert` imports `crate::client`", "`convert` imports `crate::model`"]
    );
    assert_eq!(violations("messages", "let now = SystemTime::now();"), ["`messages` is pure and names `SystemTime`"]);
    assert_eq!(violations("client", "use crate::provider::P;"), ["`client` imports `crate::provider`"]);
    assert_eq!(violations("client", "use crate::convert::P;"), ["`client` imports `crate::convert`"]);
    assert_eq!(violations("new", ""), ["`new` has no row in the import table"]);
}

#[test]
fn the_tables_name_the_modules_of_the_crate_in_their_order() {
    let lib = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let declared: Vec<&str> = lib
        .lines()
        .filter_map(|line| line.trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';'))
        .collect();
    let listed: Vec<&str> = PURE.iter().chain(IMPURE).map(|(name, _)| *name).collect();
    assert_eq!(declared, listed);
}
