package ingress

import (
	"context"
	"net/http"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
)

// exception takes what BigCommerce says of a callback that it could not
// deliver, and has the subscriptions audited before it is their time.
func (s *Server) exception(ctx context.Context, call call) answer {
	event, err := bigcommerce.ParseEvent(call.body)
	hook := webhookOf(call, event, err)
	switch {
	case event.HookException != nil:
		return s.earlyAudit(ctx, call, *event.HookException)
	case hook.Rejection == nil:
		// Somebody gave a hook about orders the address of the other. The next
		// audit mends that; until then nothing is lost.
		call.log.WarnContext(ctx, "callback about an order on the address for delivery exceptions: its hook has a wrong destination", "scope", hook.Scope)
		return s.orderWebhook(ctx, call, hook)
	default:
		call.log.WarnContext(ctx, "callback on the address for delivery exceptions not used", "scope", hook.Scope,
			"reason", hook.Rejection.Reason, "detail", hook.Rejection.Detail)
		return answer{status: http.StatusOK, result: resultRejected, scope: hook.Scope}
	}
}

func (s *Server) earlyAudit(ctx context.Context, call call, exception bigcommerce.HookException) answer {
	const scope = bigcommerce.ScopeHookDeliveryException
	s.metrics.exception(exception.Code)
	// Its message names the destination and is not ours to repeat.
	log := call.log.With("code", exception.Code, "hook", exception.HookID)
	ctx, cancel := context.WithTimeout(ctx, s.config.StartTimeout)
	defer cancel()
	if err := s.notifier.Exception(ctx, call.channel, exception.Code); err != nil {
		log.ErrorContext(ctx, "BigCommerce could not deliver a callback, and Temporal did not take the audit; BigCommerce will say it again", "error", err)
		return answer{status: http.StatusServiceUnavailable, result: resultUnavailable, scope: scope}
	}
	log.WarnContext(ctx, "BigCommerce could not deliver a callback; the subscriptions are audited now")
	return answer{status: http.StatusOK, result: resultAccepted, scope: scope}
}
