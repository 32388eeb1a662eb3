package ingress

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/orderbridge/orderbridge/activities/callback"
	"github.com/orderbridge/orderbridge/activities/channels"
)

// Results of callbacks, as the metric and the log name them.
const (
	resultAccepted     = "accepted"
	resultDuplicate    = "duplicate"
	resultRejected     = "rejected"
	resultUnauthorized = "unauthorized"
	resultMediaType    = "unsupported_media_type"
	resultTooLarge     = "too_large"
	resultUnreadable   = "unreadable"
	resultUnavailable  = "unavailable"
	resultInternal     = "internal_error"
)

// call is one authentic callback.
type call struct {
	channel string // its id is valid
	version int    // of the secret that it carried
	began   time.Time
	header  http.Header
	body    []byte
	log     *slog.Logger
}

// answer is how a callback ended.
type answer struct {
	// status is what BigCommerce is told, result one of the results above.
	status int
	result string
	// scope is what the callback was about; "" if it did not come that far.
	scope string
	// run is the id of the workflow that was started for it, now or before, if
	// one was.
	run string
}

// receive returns the handler of one address for callbacks, which is a surface
// where strangers are counted.
func (s *Server) receive(surface string, take func(ctx context.Context, call call) answer) gin.HandlerFunc {
	return func(c *gin.Context) {
		began := time.Now()
		channel, ended := "", answer{result: resultInternal}
		defer func() { s.metrics.received(channel, ended, time.Since(began)) }() // also after a panic
		call, refused := s.read(c, began)
		channel = call.channel
		if refused.result == "" {
			ended = take(c.Request.Context(), call)
		} else {
			ended = refused
		}
		noteResult(c.Request.Context(), channel, ended.result)
		// BigCommerce wants an empty body and no headers of ours. It never
		// sees a 401, since its hooks carry the secret.
		if ended.status == http.StatusUnauthorized {
			s.metrics.stranger(surface)
			c.Header(callback.MarkerHeader, callback.MarkerValue)
		}
		c.Status(ended.status)
	}
}

// read reads a callback. The order of the checks matters: nothing is read,
// parsed or looked up for a caller without the secret. An answer with a result
// ends the callback; the call then has its channel alone, or nothing if it had
// no valid secret.
func (s *Server) read(c *gin.Context, began time.Time) (call, answer) {
	ctx := c.Request.Context()
	channel := c.Param("channel")
	version, ok := s.secrets.Verify(channel, c.GetHeader(callback.Header))
	if !ok || !channels.ValidID(channel) {
		s.log.WarnContext(ctx, "callback without a valid secret refused", "path_channel", loggable(channel))
		return call{}, answer{status: http.StatusUnauthorized, result: resultUnauthorized}
	}
	log := s.log.With("channel", channel)
	if !isJSON(c.Request) {
		log.WarnContext(ctx, "callback refused: its Content-Type is not application/json, or it is encoded")
		return call{channel: channel}, answer{status: http.StatusUnsupportedMediaType, result: resultMediaType}
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, s.config.MaxBodyBytes))
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		log.WarnContext(ctx, "callback refused: its body is larger than ORDERBRIDGE_MAX_BODY_BYTES", "limit", tooLarge.Limit)
		return call{channel: channel}, answer{status: http.StatusRequestEntityTooLarge, result: resultTooLarge}
	}
	if err != nil {
		log.WarnContext(ctx, "callback not read to its end; BigCommerce will send it again", "error", err)
		return call{channel: channel}, answer{status: http.StatusBadRequest, result: resultUnreadable}
	}
	return call{channel: channel, version: version, began: began, header: c.Request.Header, body: body, log: log}, answer{}
}

// isJSON reports whether a request says that its body is plain JSON.
func isJSON(r *http.Request) bool {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	encoding := r.Header.Get("Content-Encoding")
	return err == nil && mediaType == "application/json" && (encoding == "" || encoding == "identity")
}

// loggable bounds what a stranger can write into the log.
func loggable(s string) slog.Value {
	if !channels.ValidID(s) {
		return slog.StringValue("(invalid)")
	}
	return slog.StringValue(s)
}
