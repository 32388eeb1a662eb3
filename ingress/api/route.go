package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	operatorapi "github.com/orderbridge/orderbridge/docs/operator-api"
)

// route is one operation of the API.
type route struct {
	method, path string
	// role is who may call it.
	role Role
	// limit bounds the whole call.
	limit time.Duration
	// body says whether there is one; the zero value is none.
	body bodyRule
	// query are the parameters that it knows.
	query []string
	// handle does the work.
	handle func(ctx context.Context, r request) (reply, error)
}

const (
	// readLimit is for calls that ask Temporal alone.
	readLimit = 30 * time.Second
	// changeLimit is for calls that ask both sides and change hooks: a channel
	// whose store is out of reach says so after some two minutes.
	changeLimit = 3 * time.Minute
)

// reply is the answer to a call.
type reply struct {
	// status is that of the answer. Default: 200.
	status int
	// body becomes its JSON.
	body any
	// yaml takes the place of body where it is set.
	yaml []byte
	// revision, if not 0, becomes the ETag.
	revision int
	// location is that of something new, below Prefix.
	location string
}

// routes lists all operations.
func (a *API) routes() []route {
	const channel = "/channels/:id"
	document := func(context.Context, request) (reply, error) { return reply{yaml: operatorapi.Document()}, nil }
	return []route{
		{method: http.MethodGet, path: "/openapi.yaml", role: RoleView, limit: readLimit, handle: document},
		{method: http.MethodGet, path: "/channels", role: RoleView, limit: readLimit, handle: a.list},
		{method: http.MethodPost, path: "/channels", role: RoleChange, limit: changeLimit, body: jsonBody, handle: a.add},
		{method: http.MethodGet, path: channel, role: RoleView, limit: readLimit, handle: a.get},
		{method: http.MethodPut, path: channel, role: RoleChange, limit: changeLimit, body: jsonBody, handle: a.put},
		{method: http.MethodPatch, path: channel, role: RoleChange, limit: changeLimit, body: patchBody, handle: a.patch},
		{method: http.MethodDelete, path: channel, role: RoleChange, limit: changeLimit, query: []string{"force"}, handle: a.remove},
		{method: http.MethodGet, path: channel + "/history", role: RoleView, limit: readLimit, handle: a.history},
		{method: http.MethodGet, path: channel + "/status", role: RoleView, limit: readLimit, handle: a.status},
		{method: http.MethodPut, path: channel + "/credentials", role: RoleChange, limit: changeLimit, body: jsonBody, handle: a.credentials},
		{method: http.MethodPost, path: channel + "/activate", role: RoleChange, limit: changeLimit, handle: a.setActive(true)},
		{method: http.MethodPost, path: channel + "/deactivate", role: RoleChange, limit: changeLimit, handle: a.setActive(false)},
		{method: http.MethodPost, path: channel + "/rotate-secret", role: RoleChange, limit: changeLimit, handle: a.rotateSecret},
		{method: http.MethodPost, path: channel + "/rotate-key", role: RoleChange, limit: changeLimit, handle: a.rotateKey},
		{method: http.MethodPost, path: channel + "/audit", role: RoleChange, limit: changeLimit, handle: a.audit},
		{method: http.MethodPost, path: channel + "/checks", role: RoleChange, limit: readLimit, body: optionalBody, handle: a.startCheck},
		{method: http.MethodGet, path: channel + "/checks/:run", role: RoleView, limit: readLimit, handle: a.check},
		{method: http.MethodPost, path: channel + "/reconciliations", role: RoleChange, limit: readLimit, body: optionalBody, handle: a.startReconcile},
		{method: http.MethodGet, path: channel + "/reconciliations/:run", role: RoleView, limit: readLimit, handle: a.reconciliation},
	}
}

// route makes the router. Whatever it does not know is refused like everything
// else without a valid token.
func (a *API) route(around gin.HandlerFunc) error {
	gin.SetMode(gin.ReleaseMode)
	a.router = gin.New()
	a.router.HandleMethodNotAllowed = true
	a.router.RedirectTrailingSlash = false
	if err := a.router.SetTrustedProxies(nil); err != nil {
		return fmt.Errorf("trust no proxy: %w", err)
	}
	if around != nil {
		a.router.Use(around)
	}
	a.router.Use(a.counted, a.recovered, a.authenticate)
	a.router.NoRoute(func(c *gin.Context) { fail(c, notFound()) })
	a.router.NoMethod(func(c *gin.Context) {
		fail(c, newProblem("method-not-allowed", http.StatusMethodNotAllowed, "this address has other methods: the header Allow lists them"))
	})
	for _, r := range a.routes() {
		if r.role != RoleView && r.role != RoleChange {
			return fmt.Errorf("%s %s has no role", r.method, r.path)
		}
		a.router.Handle(r.method, Prefix+r.path, a.serve(r))
	}
	return nil
}

// serve returns the handler of a route.
func (a *API) serve(r route) gin.HandlerFunc {
	return func(c *gin.Context) {
		caller := callerOf(c)
		log := a.log.With("method", r.method, "route", r.path, "channel", loggable(c.Param("id")), "by", caller.name)
		if !caller.role.may(r.role) {
			log.WarnContext(c.Request.Context(), "call of the operator API refused: the token may not change anything")
			fail(c, newProblem("forbidden", http.StatusForbidden, "this token may look and not change anything: use one with the role change"))
			return
		}
		answer, err := a.call(c, r, caller)
		if err != nil {
			p := problemOf(err)
			log = log.With("status", p.Status)
			if p.Status >= http.StatusInternalServerError {
				// What is behind the error is for the log alone.
				log.ErrorContext(c.Request.Context(), "call of the operator API failed", "error", err, "cause", errors.Unwrap(err))
			} else {
				log.InfoContext(c.Request.Context(), "call of the operator API refused", "type", p.Type)
			}
			fail(c, p)
			return
		}
		if r.role == RoleChange {
			log.InfoContext(c.Request.Context(), "call of the operator API done")
		}
		succeed(c, answer)
	}
}

// call reads the request and does the work.
func (a *API) call(c *gin.Context, r route, caller holder) (reply, error) {
	for name := range c.Request.URL.Query() {
		if !slices.Contains(r.query, name) {
			return reply{}, badRequest("the query has a parameter that is not known here", fieldOf(shorten(name), "is not known here"))
		}
	}
	body, err := readBody(c.Writer, c.Request, r.body)
	if err != nil {
		return reply{}, err
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), r.limit)
	defer cancel()
	defer context.AfterFunc(a.stopping, cancel)()
	if err := extend(c.Writer, r.limit); err != nil {
		return reply{}, fmt.Errorf("extend the deadline of the connection: %w", err)
	}
	return r.handle(ctx, request{by: caller.name, id: c.Param("id"), run: c.Param("run"), http: c.Request, body: body})
}

// answerTime is how long an answer may take to be sent.
const answerTime = 5 * time.Second

// extend gives a connection as much time to send the answer as the call may take.
// The server's own time-out is that of callbacks, which is short.
func extend(w http.ResponseWriter, limit time.Duration) error {
	err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(limit + answerTime))
	if errors.Is(err, http.ErrNotSupported) {
		return nil // it has none
	}
	return err
}
