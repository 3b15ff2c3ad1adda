//! What every message must hold before anybody acts on it (RFC 3261 §8.1.1, §8.2, §18.3).

use super::{Fault, Message};
use crate::header::{Invalid, Name};
use crate::uri;

/// Headers that may stand once only. Expires, Date and their kin are left to who reads them.
const SINGLE: [Name; 7] = [
    Name::From,
    Name::To,
    Name::CallId,
    Name::CSeq,
    Name::MaxForwards,
    Name::ContentType,
    Name::Event,
];

impl Message {
    /// The first fault of a message whose lines could be cut.
    pub(super) fn fault(&self) -> Option<Fault> {
        self.check().err()
    }

    fn check(&self) -> Result<(), Fault> {
        self.check_single()?;
        for name in [Name::Via, Name::From, Name::To, Name::CallId, Name::CSeq] {
            self.header(name).ok_or(Fault::Missing(name))?;
        }
        self.top_via()?;
        self.from()?;
        self.to()?;
        if self.call_id()?.is_empty() {
            return Err(Invalid::new(Name::CallId, "is empty").into());
        }
        let cseq = self.cseq()?;
        self.max_forwards()?;
        self.contacts()?;
        match self.method() {
            Some(method) if *method != cseq.method => Err(Fault::MethodMismatch),
            Some(_) => self.check_request_uri(),
            None => Ok(()),
        }
    }

    fn check_single(&self) -> Result<(), Fault> {
        let repeated = SINGLE.into_iter().find(|name| {
            let lines = self
                .0
                .fields
                .iter()
                .filter(|field| field.known == Some(*name));
            lines.count() > 1
        });
        repeated.map_or(Ok(()), |name| Err(Fault::Repeated(name)))
    }

    fn check_request_uri(&self) -> Result<(), Fault> {
        let text = self.request_uri_str().unwrap_or_default();
        uri::check(text).map_err(Fault::StartLine)?;
        // RFC 3261 §19.1.1: headers are not allowed in a Request-URI.
        let sip = text
            .get(..3)
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case("sip"));
        match sip
            && self
                .request_uri()
                .is_some_and(|uri| uri.headers().next().is_some())
        {
            true => Err(Fault::StartLine("the Request-URI carries headers")),
            false => Ok(()),
        }
    }
}
