package api_test

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	operatorapi "github.com/orderbridge/orderbridge/docs/operator-api"
	"github.com/orderbridge/orderbridge/ingress/api"
	"github.com/orderbridge/orderbridge/ingress/operator"
)

const newChannel = `{"id":"second","store":{"hash":"abc123","access_token":"t"},"downstream":{"adapter":"rest",` +
	`"base_url":"https://orders.example.com","token":"t"},"callback_url":"https://hooks.example.com/webhooks/bigcommerce/second"}`

// bodies are what the operations that take a body are sent.
var bodies = map[string]string{
	"addChannel":          newChannel,
	"putChannel":          `{"store":{"hash":"abc123"}}`,
	"patchChannel":        `{"active":false}`,
	"putCredentials":      `{"access_token":"t"}`,
	"startCheck":          `{"deliver":false}`,
	"startReconciliation": `{"since":"2026-11-20T00:00:00Z","dry_run":true}`,
}

// provocations are the ways to each status.
var provocations = map[string]func(f *fixture, send func(...option) response) response{
	"200": func(_ *fixture, send func(...option) response) response { return send() },
	"201": func(_ *fixture, send func(...option) response) response {
		return send(func(r *http.Request) { r.URL.Path = strings.Replace(r.URL.Path, "/main", "/second", 1) })
	},
	"202": func(_ *fixture, send func(...option) response) response { return send() },
	"400": func(_ *fixture, send func(...option) response) response {
		return send(func(r *http.Request) { r.URL.RawQuery = "nobody=knows" })
	},
	"401": func(_ *fixture, send func(...option) response) response {
		return send(func(r *http.Request) { r.Header.Del("Authorization") })
	},
	"403": func(_ *fixture, send func(...option) response) response { return send(token(viewToken)) },
	"404": failing(operator.KindUnknownChannel),
	"409": failing(operator.KindConnectionTaken),
	"412": func(f *fixture, send func(...option) response) response {
		f.office.saveErrs = []error{&operator.Error{Kind: operator.KindConflict, Message: "changed meanwhile"}}
		defer func() { f.office.saveErrs = nil }()
		return send(with("If-Match", `"6"`))
	},
	"413": func(_ *fixture, send func(...option) response) response {
		return send(func(r *http.Request) {
			large, _ := http.NewRequestWithContext(r.Context(), r.Method, r.URL.String(), strings.NewReader(strings.Repeat(" ", 64<<10+1)))
			r.Body, r.ContentLength, r.GetBody = large.Body, large.ContentLength, large.GetBody
		})
	},
	"415": func(_ *fixture, send func(...option) response) response {
		return send(with("Content-Type", "text/plain"))
	},
	"422": failing(operator.KindInvalid),
	"429": func(_ *fixture, send func(...option) response) response {
		answer := send(token("wrong"), with(remoteHeader, "192.0.2.1:4711"))
		for answer.status == http.StatusUnauthorized {
			answer = send(token("wrong"), with(remoteHeader, "192.0.2.1:4711"))
		}
		return answer
	},
	"5XX": failing(operator.KindUnavailable),
}

// failing lets the office fail.
func failing(kind operator.Kind) func(*fixture, func(...option) response) response {
	return func(f *fixture, send func(...option) response) response {
		f.office.err = &operator.Error{
			Kind: kind, Message: "channel main: no", Fields: []operator.FieldError{{Field: "settings.cancel_on", Message: "no"}},
		}
		defer func() { f.office.err = nil }()
		return send()
	}
}

// TestContract provokes every answer of every operation in the document. What
// is not in the document is a deviation, and what the document has and nothing
// provokes is unseen.
func TestContract(t *testing.T) {
	t.Parallel()
	f := setup(t)
	doc, err := openapi3.NewLoader().LoadFromData(operatorapi.Document())
	require.NoError(t, err)
	for path, item := range doc.Paths.Map() {
		for method, operation := range item.Operations() {
			where := strings.NewReplacer("{id}", "main", "{run}", checkRun).Replace(path)
			for status := range operation.Responses.Map() {
				if status == "404" && operation.OperationID == "getDocument" {
					continue
				}
				provoke := provocations[status]
				require.NotNil(t, provoke, "%s %s: nobody knows how to get it", operation.OperationID, status)
				// Each comes from another address, so that none is limited.
				remote := with(remoteHeader, "198.51.100."+strconv.Itoa(len(operation.OperationID))+":1")
				answer := provoke(f, func(options ...option) response {
					return f.send(method, where, bodies[operation.OperationID], append([]option{remote}, options...)...)
				})
				want := strings.Replace(status, "5XX", "503", 1)
				require.Equal(t, want, strconv.Itoa(answer.status), "%s: %s", operation.OperationID, answer.body)
			}
		}
	}
	require.Empty(t, f.checker.Unseen(), "answers that the document has and that no test has seen")
}

// TestRoutesAreThoseOfTheDocument holds the list of routes to the document.
func TestRoutesAreThoseOfTheDocument(t *testing.T) {
	t.Parallel()
	f := setup(t)
	routes := map[string]bool{}
	for _, r := range f.api.Routes() {
		routes[r.Method+" "+regexp.MustCompile(`:([a-z]+)`).ReplaceAllString(r.Path, "{$1}")] = true
	}
	doc, err := openapi3.NewLoader().LoadFromData(operatorapi.Document())
	require.NoError(t, err)
	documented := map[string]bool{}
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			documented[method+" "+path] = true
		}
	}
	require.Equal(t, documented, routes)
}

// TestEveryRouteHasARole shows who may call what: whoever may only look can
// call what changes nothing, which is every GET and no other.
func TestEveryRouteHasARole(t *testing.T) {
	t.Parallel()
	f := setup(t)
	routes := f.api.Routes()
	require.NotEmpty(t, routes)
	for _, r := range routes {
		where := strings.NewReplacer(":id", "main", ":run", checkRun).Replace(r.Path)
		answer := f.send(r.Method, where, "", token(viewToken))
		require.Equal(t, r.Method != http.MethodGet, answer.status == http.StatusForbidden, "%s %s", r.Method, r.Path)
		if r.Method == http.MethodGet {
			require.Equal(t, api.RoleView, r.Role)
			require.Equal(t, http.StatusOK, answer.status)
		} else {
			require.Equal(t, api.RoleChange, r.Role)
		}
		require.Positive(t, r.Limit, "every call has an end")
	}
	for _, c := range f.office.calls {
		require.Contains(t, []string{"list", "get", "history", "check", "reconcile", "reconcile result"}, c.what)
	}
}

// TestProblemsAreThoseOfTheDocument shows that no failure has an answer that
// the document does not know.
func TestProblemsAreThoseOfTheDocument(t *testing.T) {
	t.Parallel()
	doc, err := openapi3.NewLoader().LoadFromData(operatorapi.Document())
	require.NoError(t, err)
	known := doc.Components.Schemas["Problem"].Value.Properties["type"].Value.Enum
	for kind, want := range map[operator.Kind]int{
		operator.KindUnknownChannel: 404, operator.KindConflict: 409, operator.KindInvalid: 422, operator.KindStoreProbe: 422,
		operator.KindDownstreamProbe: 422, operator.KindConnectionTaken: 409, operator.KindRemoving: 409, operator.KindNotRemoved: 409,
		operator.KindFailed: 502, operator.KindUnavailable: 503, operator.KindInternal: 500, "a new one": 500,
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			f.office.err = &operator.Error{Kind: kind, Message: "channel main: hunter2"}
			answer := f.send(http.MethodPost, "/channels/main/activate", "")
			require.Equal(t, want, answer.status)
			require.Contains(t, known, answer.problem(t).Type)
			require.Equal(t, kind != "a new one", strings.Contains(answer.body, "hunter2"), "what is not known may not be for others")
			require.Equal(t, want == http.StatusServiceUnavailable, answer.header.Get("Retry-After") != "")
		})
	}
}
