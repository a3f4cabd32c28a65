namespace Httpmq.Api.Http;

/// <summary>Serves an action of a controller without the controller. It keeps nothing of a request.</summary>
internal interface IHotEndpoint
{
    Task ServeAsync(HttpContext context);
}

/// <summary>
/// On an action of a hot path: the endpoint that serves it. The controller has its route, its documentation and its shape; MVC's invoker,
/// binding and results, which cost more than the rest of the request, are left out (docs/adr/0026-hot-routes-are-endpoints.md).
/// </summary>
/// <param name="endpoint">An <see cref="IHotEndpoint"/>, a singleton of the services.</param>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class HotEndpointAttribute(Type endpoint) : Attribute
{
    public Type Endpoint { get; } = endpoint;
}

internal static class HotEndpoints
{
    /// <summary>Puts hot endpoints in the place of MVC's. Routes, metadata and all that stands in front of them stay as they are.</summary>
    public static void ServeHotEndpoints(this ControllerActionEndpointConventionBuilder routes, IServiceProvider services) =>
        routes.Add(route =>
        {
            if (route.Metadata.OfType<HotEndpointAttribute>().SingleOrDefault() is { } hot)
            {
                route.RequestDelegate = ((IHotEndpoint)services.GetRequiredService(hot.Endpoint)).ServeAsync;
            }
        });
}
