//! A request body that knows whether it was asked for.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// Set once a connection has taken the body; until then no event can have arrived anywhere.
#[derive(Debug, Clone, Default)]
pub(crate) struct Departed(Arc<AtomicBool>);

impl Departed {
    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// A body in one piece, and its mark.
#[derive(Debug)]
pub(crate) struct WatchedBody {
    data: Option<Bytes>,
    departed: Departed,
}

impl WatchedBody {
    pub(crate) fn new(data: Bytes) -> (Self, Departed) {
        let departed = Departed::default();
        // An empty body is never asked for, so it counts as gone from the start.
        departed.0.store(data.is_empty(), Ordering::Release);
        (Self { data: Some(data).filter(|data| !data.is_empty()), departed: departed.clone() }, departed)
    }
}

impl Body for WatchedBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = self.get_mut();
        this.departed.0.store(true, Ordering::Release);
        Poll::Ready(this.data.take().map(|data| Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.data.as_ref().map_or(0, |data| data.len() as u64))
    }
}
