use bedrock_converse::messages::*;
use bedrock_converse::*;
use serde_json::{Value, json};
fn kind(e: &Error) -> &'static str {
    use ErrorKind as K;
    if e.in_stream() {
        return "stream";
    }
    match e.kind() {
        K::InvalidInput | K::Unsupported | K::Configuration | K::Credentials | K::Io => "user",
        K::Timeout => "timeout",
        K::Connection | K::Protocol => "api",
        K::Incomplete => "stream",
        _ => {
            if e.status().is_some_and(|s| s >= 400) {
                "http"
            } else {
                "api"
            }
        }
    }
}
async fn run() -> Result<()> {
    let a: Vec<String> = std::env::args().collect();
    let input: Value = serde_json::from_slice(&std::fs::read(&a[3]).unwrap()).unwrap();
    let bad = |e: serde_json::Error| Error::new(ErrorKind::InvalidInput, e.to_string());
    let url = a.last().unwrap();
    let messages: Vec<ModelMessage> = serde_json::from_value(input["messages"].clone()).map_err(bad)?;
    let settings = match &input["settings"] {
        Value::Null => Default::default(),
        v => serde_json::from_value(v.clone()).map_err(bad)?,
    };
    let parameters = match &input["parameters"] {
        Value::Null => Default::default(),
        v => serde_json::from_value(v.clone()).map_err(bad)?,
    };
    let provider = BedrockProvider::builder().base_url(url).build()?;
    let model = BedrockConverseModel::builder(input["model"].as_str().unwrap())
        .provider(provider)?
        .profile_overrides(input["profile"].as_object().cloned().unwrap_or_default())
        .build()?;
    if a.iter().any(|x| x == "--stream") {
        let mut s = model.request_stream(&messages, Some(&settings), Some(&parameters)).await?;
        while let Some(e) = s.next().await {
            println!("{}", serde_json::to_string(&e?).unwrap());
        }
        println!("{}", json!({"event_kind":"response","response":s.get()}));
    } else if a.iter().any(|x| x == "--count-tokens") {
        println!(
            "{}",
            serde_json::to_string(&model.count_tokens(&messages, Some(&settings), Some(&parameters)).await?).unwrap()
        );
    } else {
        println!(
            "{}",
            serde_json::to_string(&model.request(&messages, Some(&settings), Some(&parameters)).await?).unwrap()
        );
    }
    Ok(())
}
#[tokio::main(flavor = "current_thread")]
async fn main() {
    if let Err(e) = run().await {
        eprintln!("{}", json!({"error":{"kind":kind(&e),"message":e.message(),"status":e.status(),"code":e.code()}}));
        std::process::exit(1)
    }
}
