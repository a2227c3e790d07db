use super::*;
use crate::credentials::SharedConfig;

/// The property `name` of `profile`, from these two files.
fn property(config: &str, credentials: &str, profile: &str, name: &str) -> Option<String> {
    let home = Scratch::home(config, credentials);
    SharedConfig::load(&Environment::fixed([("HOME", home.path())]), Some(profile)).unwrap().property(name)
}

#[test]
fn sections_properties_and_comments() {
    let config = "\
# a comment
; another
[default] # after a section
region = us-east-1 # after a blank
secret=a#b;c
   # an indented comment
EMPTY =
Mixed_Case = Value

[profile  two words ]
region=eu-west-1
[profile \"quoted name\"]
region=eu-west-2
[profile]
region = nowhere
[unknown x]
region = nowhere
 continued = nowhere
[ignored]
region = nowhere
[profile work]\t; comment
region=\tap-south-1\t; comment
region = ap-south-2
";
    let get = |profile, name| property(config, "", profile, name);
    assert_eq!(get("default", "region").as_deref(), Some("us-east-1"));
    assert_eq!(get("default", "secret").as_deref(), Some("a#b;c"));
    assert_eq!(get("default", "empty"), None);
    assert_eq!(get("default", "mixed_case").as_deref(), Some("Value"));
    assert_eq!(get("two words", "region").as_deref(), Some("eu-west-1"));
    assert_eq!(get("quoted name", "region").as_deref(), Some("eu-west-2"));
    assert_eq!(get("work", "region").as_deref(), Some("ap-south-2"));
    for ignored in ["ignored", "x", "unknown x", "WORK", "profile"] {
        assert_eq!(get(ignored, "region"), None, "{ignored}");
    }
}

#[test]
fn carriage_returns_are_blanks() {
    assert_eq!(property("[default]\r\nregion = r\r\n", "", "default", "region").as_deref(), Some("r"));
}

#[test]
fn a_prefixed_default_wins_wherever_it_stands() {
    for config in ["[default]\na=1\nb=1\n[profile default]\na=2\n", "[profile default]\na=2\n[default]\na=1\nb=1\n"] {
        assert_eq!(property(config, "", "default", "a").as_deref(), Some("2"));
        assert_eq!(property(config, "", "default", "b"), None);
    }
}

#[test]
fn the_credentials_file_names_profiles_bare_and_wins() {
    let (config, credentials) = ("[profile x]\na=config\nb=config\n", "[x]\na = credentials\n[profile y]\na=1\n");
    let get = |profile, name| property(config, credentials, profile, name);
    assert_eq!(get("x", "a").as_deref(), Some("credentials"));
    assert_eq!(get("x", "b").as_deref(), Some("config"));
    assert_eq!(get("y", "a"), None);
}

#[test]
fn indented_lines_continue_or_nest() {
    let config = "\
[profile x]
long = one
\ttwo ; not a comment
  three
services = mine
endpoint_url = https://general
after = 1
[services mine]
sts =
  endpoint_url = http://old
  # a comment
  Endpoint_URL = http://sts # a comment
s3 = not nested
  endpoint_url = http://s3
bedrock_runtime =
\tendpoint_url = http://bedrock
[services other]
sso =
  endpoint_url = http://sso
";
    let get = |name| property(config, "", "x", name);
    assert_eq!(get("long").as_deref(), Some("one\ntwo ; not a comment\nthree"));
    assert_eq!(get("after").as_deref(), Some("1"));
    assert_eq!(get("sts.endpoint_url").as_deref(), Some("http://sts"));
    assert_eq!(get("bedrock_runtime.endpoint_url").as_deref(), Some("http://bedrock"));
    assert_eq!(get("s3.endpoint_url"), None);
    assert_eq!(get("sso.endpoint_url"), None);
    assert_eq!(property("[profile x]\nservices=absent\n", "", "x", "sts.endpoint_url"), None);
}

#[test]
fn what_breaks_the_syntax_is_named_but_not_shown() {
    let table = [
        ("region = SECRET", "line 1: a property must stand in a section"),
        ("\n  SECRET", "line 2: a property must stand in a section"),
        ("[default\nregion=SECRET", "line 1: a section must end with `]`"),
        ("[default] SECRET", "line 1: only a comment may follow"),
        ("[default]\n\n  SECRET = x", "line 3: an indented line must continue a property"),
        ("[default]\nSECRET", "line 2: a property must be `name = value`"),
        ("[default]\n= SECRET", "line 2: a property must be `name = value`"),
        ("[default]\nkey # = SECRET", "line 2: a property must be `name = value`"),
    ];
    for (text, expected) in table {
        for file in ["config", "credentials"] {
            let home = Scratch::new();
            home.write(&format!(".aws/{file}"), text);
            let environment = Environment::fixed([("HOME", home.path())]);
            let error = SharedConfig::load(&environment, None).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(error.message().contains(expected), "{error}");
            assert!(error.message().contains(file) && !error.message().contains("SECRET"), "{error}");
        }
    }
}

#[test]
fn the_files_can_be_elsewhere_and_absent() {
    let home = Scratch::home("[default]\nregion = home\n", "");
    let elsewhere = home.write("elsewhere", "[default]\nregion = elsewhere\n");
    let load = |path: &str| {
        let variables = [("HOME", home.path()), ("AWS_CONFIG_FILE", path.to_owned())];
        SharedConfig::load(&Environment::fixed(variables), None).unwrap().property("region")
    };
    assert_eq!(load("").as_deref(), Some("home"));
    assert_eq!(load(&elsewhere).as_deref(), Some("elsewhere"));
    assert_eq!(load("~/elsewhere").as_deref(), Some("elsewhere"));
    assert_eq!(load("/dev/null/absent"), None);
    let no_home = SharedConfig::load(&Environment::fixed([("A", "b")]), None).unwrap();
    assert_eq!((no_home.property("region"), no_home.profile_name()), (None, "default"));
}

#[test]
fn a_file_that_is_not_text_is_an_error() {
    let home = Scratch::new();
    std::fs::create_dir_all(home.0.join(".aws")).unwrap();
    std::fs::write(home.0.join(".aws/config"), b"[default]\nregion = \xff\n").unwrap();
    let error = SharedConfig::load(&Environment::fixed([("HOME", home.path())]), None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
}

#[test]
fn the_profile_is_the_given_one_else_the_variable_s() {
    let environment = Environment::fixed([("AWS_PROFILE", "variable")]);
    assert_eq!(SharedConfig::load(&environment, None).unwrap().profile_name(), "variable");
    assert_eq!(SharedConfig::load(&environment, Some("given")).unwrap().profile_name(), "given");
}
