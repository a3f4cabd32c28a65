using Httpmq.Domain.Access;

namespace Httpmq.Api.Http;

/// <summary>Finds out who sent a request.</summary>
internal interface ICallerSource
{
    /// <summary>The caller; throws where what they show of themselves is wrong.</summary>
    Caller Find(HttpContext context);
}

/// <summary>Nothing is configured: nobody needs to show anything, and everybody may do everything.</summary>
internal sealed class AnonymousCallers : ICallerSource
{
    public Caller Find(HttpContext context) => Caller.Anonymous;
}

/// <summary>
/// The one place where a request gets its caller, behind routing and before anything of it is read. What is served without passing here
/// has no caller, and fails where it asks for one.
/// </summary>
internal sealed class CallerMiddleware(RequestDelegate next, ICallerSource callers)
{
    public Task InvokeAsync(HttpContext context)
    {
        context.Features.Set(callers.Find(context));
        return next(context);
    }

    public static Caller CallerOf(HttpContext context) =>
        context.Features.Get<Caller>() ?? throw new InvalidOperationException($"{context.Request.Path} is served without a caller");
}
