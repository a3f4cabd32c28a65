using System.Runtime.InteropServices;
using Httpmq.Domain.Access;
using Httpmq.Domain.Errors;

namespace Httpmq.Api.Http;

/// <summary>Finds out who sent a request.</summary>
internal interface ICallerSource
{
    /// <summary>The caller, or why there is none. As a rule it is known at once.</summary>
    ValueTask<Identification> FindAsync(HttpContext context);

    /// <summary>As <see cref="FindAsync"/>, also for what is open to all.</summary>
    ValueTask<Identification> IdentifyAsync(HttpContext context) => FindAsync(context);
}

/// <summary>Who sent a request, or why that is not known.</summary>
/// <param name="Caller">Null where it is refused.</param>
/// <param name="Refusal">Null where there is a caller.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Identification(Caller? Caller, Error? Refusal = null);

/// <summary>What is answered to everybody, whatever they show of themselves.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
internal sealed class OpenToAllAttribute : Attribute;

/// <summary>Nothing is configured: nobody needs to show anything, and everybody may do everything.</summary>
internal sealed class AnonymousCallers : ICallerSource
{
    public ValueTask<Identification> FindAsync(HttpContext context) => new(new Identification(Caller.Anonymous));
}

/// <summary>
/// The one place where a request gets its caller, behind routing and before anything of it is read. What is served without passing here
/// has no caller, and fails where it asks for one.
/// </summary>
internal sealed class CallerMiddleware(RequestDelegate next, ICallerSource callers)
{
    public Task InvokeAsync(HttpContext context)
    {
        var finding = callers.FindAsync(context);
        if (finding.IsCompletedSuccessfully)
        {
            return GoOnAsync(context, finding.Result);
        }

        return AwaitAsync(context, finding);
    }

    public static Caller CallerOf(HttpContext context) =>
        context.Features.Get<Caller>() ?? throw new InvalidOperationException($"{context.Request.Path} is served without a caller");

    /// <summary>Answers with the refusal, also to a client that is still sending.</summary>
    public static Task RefuseAsync(HttpContext context, Error refusal)
    {
        ErrorResponses.Write(context, refusal);
        return RejectedBody.LingerAsync(context);
    }

    private Task GoOnAsync(HttpContext context, Identification found)
    {
        if (found.Caller is null)
        {
            return RefuseAsync(context, found.Refusal!);
        }

        context.Features.Set(found.Caller);
        return next(context);
    }

    private async Task AwaitAsync(HttpContext context, ValueTask<Identification> finding) => await GoOnAsync(context, await finding);
}
