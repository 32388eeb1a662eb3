package ingress

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/callback"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/workflows"
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

// webhook takes one callback of BigCommerce. The order of the checks matters:
// nothing is read, parsed or looked up for a caller without the secret.
func (s *Server) webhook(c *gin.Context) {
	began := time.Now()
	result := resultInternal
	defer func() { s.metrics.received(result, time.Since(began)) }() // also after a panic
	status, ended := s.receive(c, began)
	result = ended
	// BigCommerce wants an empty body and no headers of ours.
	c.Status(status)
}

func (s *Server) receive(c *gin.Context, began time.Time) (status int, result string) {
	ctx := c.Request.Context()
	channel := c.Param("channel")
	version, ok := s.secrets.Verify(channel, c.GetHeader(callback.Header))
	if !ok || !channels.ValidID(channel) {
		s.log.WarnContext(ctx, "callback without a valid secret refused", "path_channel", loggable(channel))
		return http.StatusUnauthorized, resultUnauthorized
	}
	log := s.log.With("channel", channel)
	if !isJSON(c.Request) {
		log.WarnContext(ctx, "callback refused: its Content-Type is not application/json, or it is encoded")
		return http.StatusUnsupportedMediaType, resultMediaType
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, s.config.MaxBodyBytes))
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		log.WarnContext(ctx, "callback refused: its body is larger than ORDERBRIDGE_MAX_BODY_BYTES", "limit", tooLarge.Limit)
		return http.StatusRequestEntityTooLarge, resultTooLarge
	}
	if err != nil {
		log.WarnContext(ctx, "callback not read to its end; BigCommerce will send it again", "error", err)
		return http.StatusBadRequest, resultUnreadable
	}
	hook := parse(channel, version, body, began)
	log = log.With("scope", hook.Scope, "order", hook.OrderID, "workflow_id", hook.ID())
	duplicate, err := s.start(ctx, hook)
	switch {
	case err != nil:
		log.ErrorContext(ctx, "webhook not started: Temporal did not take it; BigCommerce will send it again", "error", err)
		return http.StatusServiceUnavailable, resultUnavailable
	case duplicate:
		log.InfoContext(ctx, "webhook received again")
		return http.StatusOK, resultDuplicate
	case hook.Rejection != nil:
		// A 4xx would be repeated for 48 hours and then switch the hook off.
		log.WarnContext(ctx, "webhook recorded as rejected", "reason", hook.Rejection.Reason, "detail", hook.Rejection.Detail)
		return http.StatusOK, resultRejected
	default:
		log.InfoContext(ctx, "webhook accepted")
		return http.StatusOK, resultAccepted
	}
}

func (s *Server) start(ctx context.Context, hook workflows.Webhook) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, s.config.StartTimeout)
	defer cancel()
	return s.starter.Start(ctx, hook)
}

// parse reduces a callback to what the workflow needs. One that cannot be used
// becomes a webhook with a Rejection.
func parse(channel string, version int, body []byte, at time.Time) workflows.Webhook {
	hook := workflows.Webhook{Channel: channel, SecretVersion: version, ReceivedAt: at.UTC()}
	event, err := bigcommerce.ParseEvent(body)
	if bigcommerce.ValidScope(event.Scope) {
		hook.Scope = event.Scope
	}
	hook.Hash = workflows.HashOf(event.Hash, body)
	if rejection := reject(event, err); rejection != nil {
		rejection.Size = len(body)
		hook.Rejection = rejection
		return hook
	}
	hook.StoreHash, hook.OrderID, hook.EventAt = event.StoreHash, event.OrderID, event.CreatedAt
	return hook
}

// reasonOf maps what is wrong with a callback to the reason of its outcome.
func reasonOf(cause bigcommerce.EventCause) workflows.Reason {
	switch cause {
	case bigcommerce.EventNotJSON, bigcommerce.EventTrailingData, bigcommerce.EventTooDeep, bigcommerce.EventNotObject:
		return workflows.ReasonNotJSON
	case bigcommerce.EventNoScope, bigcommerce.EventBadScope:
		return workflows.ReasonUnknownScope
	case bigcommerce.EventNoData, bigcommerce.EventNoOrderID:
		return workflows.ReasonNoOrder
	default:
		return workflows.ReasonNotJSON
	}
}

func reject(event bigcommerce.Event, err error) *workflows.Rejection {
	var eventErr *bigcommerce.EventError
	switch {
	case errors.As(err, &eventErr):
		return &workflows.Rejection{Reason: reasonOf(eventErr.Cause), Detail: string(eventErr.Cause)}
	case err != nil:
		return &workflows.Rejection{Reason: workflows.ReasonNotJSON, Detail: "the body cannot be read"}
	case !bigcommerce.IsOrderScope(event.Scope):
		return &workflows.Rejection{
			Reason: workflows.ReasonUnknownScope,
			Detail: fmt.Sprintf("scope %q is not about orders: remove the hook, or correct its scope", event.Scope),
		}
	case event.OrderID <= 0:
		return &workflows.Rejection{Reason: workflows.ReasonNoOrder, Detail: "the data names no order"}
	default:
		return nil
	}
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
