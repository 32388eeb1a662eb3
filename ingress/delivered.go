package ingress

import (
	"context"
	"net/http"
)

// delivered takes the callback that was caused to check an integration. What it
// is about does not matter: it arrived.
func (s *Server) delivered(ctx context.Context, call call) answer {
	ctx, cancel := context.WithTimeout(ctx, s.config.StartTimeout)
	defer cancel()
	waiting, err := s.notifier.Delivered(ctx, call.channel, call.began.UTC())
	switch {
	case err != nil:
		call.log.ErrorContext(ctx, "callback of a check not passed on: Temporal did not take it; BigCommerce will send it again", "error", err)
		return answer{status: http.StatusServiceUnavailable, result: resultUnavailable}
	case !waiting:
		call.log.InfoContext(ctx, "callback of a check arrived; no check waits for it")
	default:
		call.log.InfoContext(ctx, "callback of a check arrived")
	}
	return answer{status: http.StatusOK, result: resultAccepted}
}
