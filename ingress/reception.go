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

// receive returns the handler of one address for callbacks. What take answers
// is one of the results above, and the status that goes with it.
func (s *Server) receive(take func(ctx context.Context, call call) (status int, result string)) gin.HandlerFunc {
	return func(c *gin.Context) {
		began := time.Now()
		result := resultInternal
		defer func() { s.metrics.received(result, time.Since(began)) }() // also after a panic
		call, status, ended := s.read(c, began)
		if ended == "" {
			status, ended = take(c.Request.Context(), call)
		}
		result = ended
		// BigCommerce wants an empty body and no headers of ours. It never
		// sees a 401, since its hooks carry the secret.
		if status == http.StatusUnauthorized {
			c.Header(callback.MarkerHeader, callback.MarkerValue)
		}
		c.Status(status)
	}
}

// read reads a callback. The order of the checks matters: nothing is read,
// parsed or looked up for a caller without the secret. A result that is not
// empty ends the callback.
func (s *Server) read(c *gin.Context, began time.Time) (_ call, status int, result string) {
	ctx := c.Request.Context()
	channel := c.Param("channel")
	version, ok := s.secrets.Verify(channel, c.GetHeader(callback.Header))
	if !ok || !channels.ValidID(channel) {
		s.log.WarnContext(ctx, "callback without a valid secret refused", "path_channel", loggable(channel))
		return call{}, http.StatusUnauthorized, resultUnauthorized
	}
	log := s.log.With("channel", channel)
	if !isJSON(c.Request) {
		log.WarnContext(ctx, "callback refused: its Content-Type is not application/json, or it is encoded")
		return call{}, http.StatusUnsupportedMediaType, resultMediaType
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, s.config.MaxBodyBytes))
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		log.WarnContext(ctx, "callback refused: its body is larger than ORDERBRIDGE_MAX_BODY_BYTES", "limit", tooLarge.Limit)
		return call{}, http.StatusRequestEntityTooLarge, resultTooLarge
	}
	if err != nil {
		log.WarnContext(ctx, "callback not read to its end; BigCommerce will send it again", "error", err)
		return call{}, http.StatusBadRequest, resultUnreadable
	}
	return call{channel: channel, version: version, began: began, header: c.Request.Header, body: body, log: log}, 0, ""
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
