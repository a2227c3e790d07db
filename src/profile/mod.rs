//! Model names, and what each model family can do.

mod model_id;
mod names;
mod schema;

pub use self::model_id::{GEO_PREFIXES, geo_prefixes, model_id_in_arn, remove_geo_prefix, split_model_id};
pub use self::names::{BedrockModelName, LatestBedrockModelNames};
pub use self::schema::JsonSchemaTransformer;
