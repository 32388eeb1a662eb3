package api

import "time"

// RouteInfo is what tests may know of a route.
type RouteInfo struct {
	Method, Path string
	Role         Role
	Limit        time.Duration
}

// Routes lists all routes.
func (a *API) Routes() []RouteInfo {
	routes := a.routes()
	infos := make([]RouteInfo, len(routes))
	for i, r := range routes {
		infos[i] = RouteInfo{r.method, r.path, r.role, r.limit}
	}
	return infos
}

// MaxAddresses is how many addresses are remembered.
const MaxAddresses = maxAddresses

// Addresses returns how many addresses are remembered.
func (a *API) Addresses() int {
	a.failures.mu.Lock()
	defer a.failures.mu.Unlock()
	return max(len(a.failures.byAddress), a.failures.recent.Len())
}

// Decode is decode, for fuzzing.
var Decode = decode

// ChannelBody is a body to decode.
type ChannelBody = channelBody
