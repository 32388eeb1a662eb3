package venduretest

import (
	"fmt"
	"net/http"
)

// invent answers what Vendure never said.
func (p *Proxy) invent(w http.ResponseWriter, r *http.Request, req request, fault Fault) {
	made := answer{status: http.StatusOK, header: http.Header{"Content-Type": {"application/json; charset=utf-8"}}}
	switch fault {
	case Silent:
		<-r.Context().Done()
		return
	case HalfAnswer:
		const half = `{"data":{"orders":{"items":[{"id":"1`
		made.header.Set("Content-Length", "500")
		made.body = []byte(half)
		made.write(w)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	case HollowSuccess:
		body, err := req.success()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		made.body = body
	case InternalError:
		made.body = []byte(`{"errors":[{"message":"jane.doe@example.com broke it","extensions":{"code":"INTERNAL_SERVER_ERROR"}}],"data":null}`)
	case RateLimited:
		made.status = http.StatusTooManyRequests
		made.header.Set("Retry-After", fmt.Sprintf("%.0f", RetryAfter.Seconds()))
		made.body = []byte(`{"message":"Too Many Requests"}`)
	case ServerError:
		made.status = http.StatusServiceUnavailable
		made.header.Set("Content-Type", "text/html")
		made.body = []byte("<html><title>503</title>jane.doe@example.com</html>")
	default: // Garbage
		made.body = []byte("<<<jane.doe@example.com")
	}
	made.write(w)
}
