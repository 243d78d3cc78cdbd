//! Forms, as Meta's own SDK and curl send them: each field a parameter. They become the JSON that a JSON body would be.

use std::borrow::Cow;
use std::convert::Infallible;

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, header};
use serde_json::value::RawValue;
use url::form_urlencoded;

use crate::refusal::Refusal;
use sandbox_kit::json::{self, Kind, kind};

/// What kind of body a request has.
#[derive(Debug, PartialEq, Eq)]
enum BodyKind {
    Json,
    UrlEncoded,
    /// With the line that parts its fields.
    Multipart(String),
    Other,
}

/// The body of a request as JSON, whatever form it came in.
pub(crate) async fn as_json(headers: &HeaderMap, body: &Bytes) -> Result<Bytes, Refusal> {
    match body_kind(headers) {
        BodyKind::Json => Ok(body.clone()),
        BodyKind::UrlEncoded => {
            let fields =
                form_urlencoded::parse(body).map(|(name, value)| (name.into_owned(), value.into_owned()));
            Ok(object(fields))
        }
        BodyKind::Multipart(boundary) => match multipart(body.clone(), boundary).await {
            Some(fields) => Ok(object(fields.into_iter())),
            None => Err(refusal("(#100) The multipart body cannot be read")),
        },
        BodyKind::Other => Err(refusal("(#100) The body must be JSON or a form")),
    }
}

fn refusal(message: &'static str) -> Refusal {
    Refusal::plain(400, 100, message)
}

fn body_kind(headers: &HeaderMap) -> BodyKind {
    if headers.contains_key(header::CONTENT_ENCODING) {
        return BodyKind::Other;
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        "application/json" => BodyKind::Json,
        "application/x-www-form-urlencoded" => BodyKind::UrlEncoded,
        "multipart/form-data" => multer::parse_boundary(kind).map_or(BodyKind::Other, BodyKind::Multipart),
        _ => BodyKind::Other,
    }
}

async fn multipart(body: Bytes, boundary: String) -> Option<Vec<(String, String)>> {
    let mut parts = multer::Multipart::new(stream::once(async { Ok::<_, Infallible>(body) }), boundary);
    let mut fields = Vec::new();
    while let Some(part) = parts.next_field().await.ok()? {
        let name = part.name()?.to_owned();
        fields.push((name, part.text().await.ok()?));
    }
    Some(fields)
}

/// The fields as an object. A field that comes twice stands in it twice, which is refused later.
fn object(fields: impl Iterator<Item = (String, String)>) -> Bytes {
    let fields: Vec<_> = fields
        .map(|(name, value)| {
            let value = if name == "data" { data(&value) } else { Cow::Owned(text(&value)) };
            format!("{}:{value}", text(&name))
        })
        .collect();
    Bytes::from(format!("{{{}}}", fields.join(",")))
}

/// The events. Meta's SDK writes each as a text that holds JSON.
fn data(value: &str) -> Cow<'_, str> {
    let Ok(raw) = serde_json::from_str::<&RawValue>(value) else { return Cow::Owned(text(value)) };
    let Some(members) = json::list(raw) else { return Cow::Borrowed(value) };
    let members: Vec<_> = members.into_iter().map(member).collect();
    Cow::Owned(format!("[{}]", members.join(",")))
}

fn member(raw: &RawValue) -> Cow<'_, str> {
    match kind(raw) {
        Kind::Text(inner) if serde_json::from_str::<&RawValue>(&inner).is_ok() => inner,
        _ => Cow::Borrowed(raw.get()),
    }
}

fn text(value: &str) -> String {
    serde_json::Value::from(value).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(kind: &str, body: &str) -> Result<String, String> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, kind.parse().unwrap());
        let json = as_json(&headers, &Bytes::from(body.to_owned())).await;
        json.map(|json| String::from_utf8(json.to_vec()).unwrap()).map_err(|refusal| refusal.label())
    }

    #[tokio::test]
    async fn every_form_becomes_the_same_json() {
        let json = r#"{"partner_agent":"a \"b","data":[{"a":1.50}]}"#;
        assert_eq!(read("application/json; charset=utf-8", json).await.as_deref(), Ok(json));
        for data in ["%5B%7B%22a%22%3A1.50%7D%5D", "%5B%22%7B%5C%22a%5C%22%3A1.50%7D%22%5D"] {
            let form = format!("partner_agent=a+%22b&data={data}");
            assert_eq!(read("application/x-www-form-urlencoded", &form).await.as_deref(), Ok(json), "{form}");
        }
        let parts = "--X\r\nContent-Disposition: form-data; name=\"partner_agent\"\r\n\r\na \"b\r\n\
                     --X\r\nContent-Disposition: form-data; name=\"data\"\r\n\r\n[{\"a\":1.50}]\r\n--X--\r\n";
        assert_eq!(read("multipart/form-data; boundary=X", parts).await.as_deref(), Ok(json));
    }

    #[tokio::test]
    async fn what_is_no_form_is_refused() {
        for (kind, body) in [
            ("text/plain", "data=[]"),
            ("multipart/form-data", "--X--"),
            ("multipart/form-data; boundary=X", "junk"),
        ] {
            assert_eq!(read(kind, body).await, Err("100".to_owned()), "{kind}");
        }
        assert_eq!(
            read("application/x-www-form-urlencoded", "data=x").await.as_deref(),
            Ok(r#"{"data":"x"}"#)
        );
        assert_eq!(
            read("application/x-www-form-urlencoded", "data=[7,\"x\"]").await.as_deref(),
            Ok(r#"{"data":[7,"x"]}"#)
        );
    }
}
