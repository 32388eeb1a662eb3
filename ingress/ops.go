package ingress

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// ops serves what operators and load balancers ask for: /healthz, /readyz and
// /metrics.
type ops struct {
	log      *slog.Logger
	checks   []Check
	draining *draining
	gatherer prometheus.Gatherer
}

func (o *ops) routes(router *gin.Engine, withMetrics bool) {
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		router.Handle(method, "/healthz", healthz)
		router.Handle(method, "/readyz", o.readyz)
	}
	if withMetrics {
		router.GET("/metrics", gin.WrapH(promhttp.HandlerFor(o.gatherer, promhttp.HandlerOpts{
			// A client library's mistake must not hide all other metrics.
			ErrorHandling:     promhttp.ContinueOnError,
			ErrorLog:          slog.NewLogLogger(o.log.Handler(), slog.LevelError),
			EnableOpenMetrics: true,
		})))
	}
}

// newRouter returns a router that answers 404 and 405 by itself, trusts no
// forwarding header, and turns a panic into a 500 that says nothing.
func newRouter(log *slog.Logger) (*gin.Engine, error) {
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	router.HandleMethodNotAllowed = true
	router.RedirectTrailingSlash = false
	if err := router.SetTrustedProxies(nil); err != nil {
		return nil, fmt.Errorf("trust no proxy: %w", err)
	}
	router.Use(gin.CustomRecoveryWithWriter(io.Discard, func(c *gin.Context, recovered any) {
		log.ErrorContext(c.Request.Context(), "a request panicked", "path", c.FullPath(), "panic", fmt.Sprint(recovered), "stack", string(debug.Stack()))
		c.AbortWithStatus(http.StatusInternalServerError)
	}))
	return router, nil
}
