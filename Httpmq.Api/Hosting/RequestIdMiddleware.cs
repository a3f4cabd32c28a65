namespace Httpmq.Api.Hosting;

/// <summary>
/// Gives each request its id, the client's own when it sent one, and puts it on the answer. It is the trace identifier of
/// the request, so that everything which logs or answers has it.
/// </summary>
internal sealed class RequestIdMiddleware(RequestDelegate next, string header)
{
    public Task InvokeAsync(HttpContext context)
    {
        var given = context.Request.Headers[header];
        var id = given.Count > 0 && given[0] is { Length: > 0 } own ? own : Guid.NewGuid().ToString();
        context.TraceIdentifier = id;
        context.Response.Headers[header] = id;
        return next(context);
    }
}
