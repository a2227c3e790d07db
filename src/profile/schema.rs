//! JSON schemas brought to the form that a model takes.

use std::mem;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, ErrorKind, Result};
use crate::messages::JsonObject;

/// How the JSON schemas of tools and of structured output are rewritten for a model.
///
/// ```
/// use bedrock_converse::profile::JsonSchemaTransformer;
/// use serde_json::json;
///
/// let schema = json!({"title": "Years", "type": "integer", "minimum": 0});
/// let strict = JsonSchemaTransformer::Bedrock.transform(schema.as_object().unwrap(), Some(true))?;
/// assert_eq!(json!(strict), json!({"type": "integer", "description": "minimum=0"}));
/// # Ok::<(), bedrock_converse::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum JsonSchemaTransformer {
    /// Every `$ref` gives way to its definition; `$defs` is left only for definitions that contain themselves.
    #[serde(rename = "InlineDefsJsonSchemaTransformer")]
    InlineDefs,
    /// Titles are dropped. With `strict`, objects are closed and the keywords that Bedrock's structured output refuses
    /// become a note in the description:
    /// <https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html>.
    #[serde(rename = "BedrockJsonSchemaTransformer")]
    Bedrock,
}

impl JsonSchemaTransformer {
    /// The rewritten schema. The order of keys is kept; keys that are added come last.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] where definitions are inlined and a `$ref` names no definition under the root's
    /// `$defs`, and where the schema is more than 200 levels deep.
    pub fn transform(self, root: &JsonObject, strict: Option<bool>) -> Result<JsonObject> {
        let mut schema = root.clone();
        let mut defs = JsonObject::new();
        if let Some(Value::Object(own)) = schema.get_mut("$defs") {
            defs = mem::take(own);
            schema.shift_remove("$defs");
        }
        let mut walk = Walk {
            transformer: self,
            strict: strict == Some(true),
            depth: 0,
            defs,
            open: vec![],
            recursive: vec![],
            done: JsonObject::new(),
        };
        let mut schema = walk.schema(schema)?;
        match self {
            Self::Bedrock if !walk.defs.is_empty() => {
                let mut defs = mem::take(&mut walk.defs);
                walk.values(&mut defs)?;
                schema.insert("$defs".to_owned(), defs.into());
            }
            Self::InlineDefs if !walk.recursive.is_empty() => return walk.with_recursive_defs(root, schema),
            _ => {}
        }
        Ok(schema)
    }

    /// Whether a tool or an output whose `strict` is not set counts as strict after [`transform`](Self::transform) with
    /// this `strict`. Bedrock's strict mode is only for those who ask for it.
    pub fn is_strict_compatible(self, strict: Option<bool>) -> bool {
        match self {
            Self::InlineDefs => true,
            Self::Bedrock => strict == Some(true),
        }
    }
}

/// How deep a schema may be once its definitions stand in it. No tool comes near, and the stack holds.
const MOST_LEVELS: usize = 200;

/// One pass over one schema.
struct Walk {
    transformer: JsonSchemaTransformer,
    strict: bool,
    depth: usize,
    defs: JsonObject,
    /// The definitions being inlined just now, the outermost first.
    open: Vec<String>,
    /// The definitions that contain themselves, in the order in which that was found.
    recursive: Vec<String>,
    /// Definitions that were walked already, as they are inlined.
    done: JsonObject,
}

impl Walk {
    /// Walks what may be a schema; `true`, `false` and malformed ones stay as they are.
    fn node(&mut self, node: &mut Value) -> Result<()> {
        if let Value::Object(schema) = node {
            *schema = self.schema(mem::take(schema))?;
        }
        Ok(())
    }

    fn values(&mut self, schemas: &mut JsonObject) -> Result<()> {
        schemas.values_mut().try_for_each(|node| self.node(node))
    }

    /// Walks whatever schemas a keyword has: one, a list, or (`named`) a map.
    fn keyword(&mut self, schema: &mut JsonObject, keyword: &str, named: bool) -> Result<()> {
        match schema.get_mut(keyword) {
            Some(Value::Object(schemas)) if named => self.values(schemas),
            Some(Value::Array(schemas)) => schemas.iter_mut().try_for_each(|node| self.node(node)),
            Some(node) => self.node(node),
            None => Ok(()),
        }
    }

    fn schema(&mut self, schema: JsonObject) -> Result<JsonObject> {
        self.depth += 1;
        if self.depth > MOST_LEVELS {
            let message = format!("JSON schema: it is more than {MOST_LEVELS} levels deep");
            return Err(Error::new(ErrorKind::InvalidInput, message));
        }
        let walked = self.keywords(schema);
        self.depth -= 1;
        walked
    }

    fn keywords(&mut self, mut schema: JsonObject) -> Result<JsonObject> {
        if self.transformer == JsonSchemaTransformer::InlineDefs
            && let Some(key) = definition_key(&schema).map(str::to_owned)
        {
            if self.open.contains(&key) {
                self.note_recursive(key);
            } else if !self.recursive.contains(&key) {
                schema.shift_remove("$ref");
                return if schema.is_empty() { self.inlined(key) } else { self.definition(key, schema) };
            }
        }
        match schema.get("type").and_then(Value::as_str) {
            Some("object") => {
                self.keyword(&mut schema, "properties", true)?;
                self.keyword(&mut schema, "additionalProperties", false)?;
                self.keyword(&mut schema, "patternProperties", true)?;
            }
            Some("array") => {
                self.keyword(&mut schema, "prefixItems", false)?;
                self.keyword(&mut schema, "items", false)?;
            }
            _ => {}
        }
        let untyped = schema.get("type").is_none_or(Value::is_null);
        for keyword in ["allOf", "anyOf", "oneOf"] {
            if untyped {
                schema = self.union(schema, keyword)?;
            } else {
                self.keyword(&mut schema, keyword, false)?;
            }
        }
        if self.transformer == JsonSchemaTransformer::Bedrock {
            bedrock(&mut schema, self.strict);
        }
        Ok(schema)
    }

    /// Walks the members of a union; a union of one schema gives way to it.
    fn union(&mut self, mut schema: JsonObject, keyword: &str) -> Result<JsonObject> {
        let Some(Value::Array(members)) = schema.get_mut(keyword) else { return Ok(schema) };
        let mut members = mem::take(members);
        schema.shift_remove(keyword);
        members.iter_mut().try_for_each(|node| self.node(node))?;
        if let [Value::Object(only)] = members.as_mut_slice() {
            let mut merged = mem::take(only);
            merged.extend(schema);
            return Ok(merged);
        }
        schema.insert(keyword.to_owned(), members.into());
        Ok(schema)
    }

    /// A definition as it is inlined where nothing stands beside the `$ref`.
    fn inlined(&mut self, key: String) -> Result<JsonObject> {
        if let Some(Value::Object(done)) = self.done.get(&key) {
            return Ok(done.clone());
        }
        let walked = self.definition(key.clone(), JsonObject::new())?;
        self.done.insert(key, walked.clone().into());
        Ok(walked)
    }

    /// Walks a definition with the keywords beside its `$ref` laid over it.
    fn definition(&mut self, key: String, siblings: JsonObject) -> Result<JsonObject> {
        let Some(Value::Object(definition)) = self.defs.get(&key) else {
            let message = format!("JSON schema: `$ref` names `{key}`, which is not defined under `$defs`");
            return Err(Error::new(ErrorKind::InvalidInput, message));
        };
        let mut schema = definition.clone();
        schema.extend(siblings);
        self.open.push(key);
        let walked = self.schema(schema)?;
        self.open.pop();
        Ok(walked)
    }

    fn note_recursive(&mut self, key: String) {
        if !self.recursive.contains(&key) {
            self.recursive.push(key);
        }
    }

    /// Definitions that contain themselves can't be inlined: they, and the root beside them, stay under `$defs`.
    fn with_recursive_defs(mut self, root: &JsonObject, walked: JsonObject) -> Result<JsonObject> {
        let mut defs = JsonObject::new();
        // Walking one may find another.
        let mut next = 0;
        while let Some(key) = self.recursive.get(next).cloned() {
            defs.insert(key.clone(), self.inlined(key)?.into());
            next += 1;
        }
        let root_key = definition_key(root).map(str::to_owned).unwrap_or_else(|| {
            let mut key = root.get("title").and_then(Value::as_str).unwrap_or("root").to_owned();
            while defs.contains_key(&key) {
                key.push_str("_root");
            }
            key
        });
        let reference = format!("#/$defs/{root_key}");
        defs.insert(root_key, walked.into());
        Ok(JsonObject::from_iter([("$defs".to_owned(), defs.into()), ("$ref".to_owned(), reference.into())]))
    }
}

fn definition_key(schema: &JsonObject) -> Option<&str> {
    let reference = schema.get("$ref")?.as_str().filter(|reference| !reference.is_empty())?;
    Some(reference.strip_prefix("#/$defs/").unwrap_or(reference))
}

/// What Bedrock's structured output refuses is taken out and told in the description.
fn bedrock(schema: &mut JsonObject, strict: bool) {
    schema.shift_remove("title");
    schema.shift_remove("$schema");
    if !strict {
        return;
    }
    let refused: &[&str] = match schema.get("type").and_then(Value::as_str) {
        Some("object") => {
            schema.insert("additionalProperties".to_owned(), false.into());
            return;
        }
        Some("number" | "integer") => &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
        Some("array") if schema.get("minItems").and_then(Value::as_f64).is_some_and(|items| items > 1.0) => {
            &["maxItems", "minItems"]
        }
        Some("array") => &["maxItems"],
        _ => return,
    };
    let notes: Vec<String> = refused
        .iter()
        .filter_map(|keyword| Some(format!("{keyword}={}", note(&schema.shift_remove(*keyword)?))))
        .collect();
    if notes.is_empty() {
        return;
    }
    let notes = notes.join(", ");
    let description = match schema.get("description").and_then(Value::as_str) {
        Some(text) if !text.is_empty() => format!("{text} ({notes})"),
        _ => notes,
    };
    schema.insert("description".to_owned(), description.into());
}

/// A value as Python prints it, so that both clients describe a schema in the same words.
fn note(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_f64() => python_float(number.as_f64().unwrap_or_default()),
        other => other.to_string(),
    }
}

/// `repr(number)`.
pub(crate) fn python_float(number: f64) -> String {
    let text = format!("{number:?}");
    match text.split_once('e') {
        Some((digits, exponent)) => {
            let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
            format!("{digits}e{sign}{exponent:0>2}")
        }
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn notes_are_what_python_prints() {
        for (value, text) in [
            (json!(3), "3"),
            (json!(-3), "-3"),
            (json!(1.0), "1.0"),
            (json!(0.1), "0.1"),
            (json!(0.0001), "0.0001"),
            (json!(0.00001), "1e-05"),
            (json!(1e15), "1000000000000000.0"),
            (json!(1e16), "1e+16"),
            (json!(-1.5e300), "-1.5e+300"),
            (json!(true), "True"),
            (json!(null), "None"),
            (json!("2"), "2"),
        ] {
            assert_eq!(note(&value), text);
        }
    }

    #[test]
    fn a_malformed_schema_is_left_alone() {
        for odd in [
            json!({"type": "object", "properties": {"a": "text"}, "anyOf": 3, "items": [true]}),
            json!({"$defs": [], "$ref": 5, "allOf": {}}),
        ] {
            let schema = odd.as_object().unwrap();
            assert_eq!(JsonSchemaTransformer::InlineDefs.transform(schema, None).unwrap(), *schema);
        }
    }
}
