// Package api is the operator API of the ingress: what operators can do with
// sales channels, over HTTP. docs/operator-api describes it.
package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/ingress/operator"
)

// Prefix is where the API is found.
const Prefix = "/api/v1"

// Operator does what operators ask for. Its errors are *operator.Error; all
// others are answered without their text. *operator.Service implements it and
// documents each method.
type Operator interface {
	List(ctx context.Context) ([]operator.View, error)
	Get(ctx context.Context, id string) (operator.View, error)
	Channel(ctx context.Context, id string) (channels.Channel, error)
	History(ctx context.Context, id string) ([]channels.Change, error)
	Save(ctx context.Context, by string, channel channels.Channel, secrets operator.Secrets, expected *int) (channels.SaveResult, error)
	SetActive(ctx context.Context, by, id string, active bool) (channels.SaveResult, error)
	Remove(ctx context.Context, by, id string, force bool) (channels.RemoveResult, error)
	RotateSecret(ctx context.Context, by, id string) (channels.SaveResult, error)
	Reseal(ctx context.Context, by, id string) (changed []string, err error)
	Audit(ctx context.Context, id string) (channels.AuditReport, error)
	StartCheck(ctx context.Context, by, id string, deliver bool) (operator.CheckRun, error)
	CheckProgress(ctx context.Context, run operator.CheckRun) (report activities.CheckReport, done bool, err error)
	StartReconcile(ctx context.Context, request activities.ReconcileRequest) (operator.ReconcileRun, error)
	ReconcileProgress(ctx context.Context, run operator.ReconcileRun) (activities.ReconcileProgress, error)
	ReconcileResult(ctx context.Context, run operator.ReconcileRun) (activities.ReconcileReport, error)
}

// Metrics counts what the API does.
type Metrics interface {
	// Answered counts a call by the pattern of its path, "" for a path that
	// there is not, and the status of the answer.
	Answered(route string, status int)
	// Unauthenticated counts a call without a valid token.
	Unauthenticated()
}

// uncounted is the Metrics of an API without any.
type uncounted struct{}

func (uncounted) Answered(string, int) {}
func (uncounted) Unauthenticated()     {}

// Config is what an API works with. All of it but Metrics and Around is required.
type Config struct {
	// Tokens are the tokens that it takes.
	Tokens Tokens
	// Operator does the work.
	Operator Operator
	// Metrics counts the calls. Nil counts nothing.
	Metrics Metrics
	// Around runs around every call, also one without a valid token. Nil is
	// nothing.
	Around gin.HandlerFunc
	// Logger takes the log.
	Logger *slog.Logger
}

// API serves the operator API under Prefix.
type API struct {
	operator Operator
	tokens   Tokens
	failures *failures
	metrics  Metrics
	log      *slog.Logger
	router   *gin.Engine

	stopping context.Context //nolint:containedctx // the end of the process, which no single request brings along
	stop     context.CancelFunc
}

// New returns an API. Call Stop when the process is about to end.
func New(config Config) (*API, error) {
	if config.Tokens.None() || config.Operator == nil || config.Logger == nil {
		return nil, errors.New("the operator API needs tokens, an operator and a logger")
	}
	if config.Metrics == nil {
		config.Metrics = uncounted{}
	}
	a := &API{
		operator: config.Operator, tokens: config.Tokens, failures: newFailures(), metrics: config.Metrics, log: config.Logger,
	}
	a.stopping, a.stop = context.WithCancel(context.Background())
	if err := a.route(config.Around); err != nil {
		return nil, err
	}
	return a, nil
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.router.ServeHTTP(w, r) }

// Stop ends the waiting of calls that have begun: they are answered that what
// they asked for may still happen.
func (a *API) Stop() { a.stop() }
