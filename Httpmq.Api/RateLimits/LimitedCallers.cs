using Httpmq.Api.Access;
using Httpmq.Api.Http;
using Httpmq.Domain.Access;

namespace Httpmq.Api.RateLimits;

/// <summary>
/// Finds the caller, and takes the permits of each request: of its address before anybody looks at the key or token that it shows, of its
/// principal behind that. Both are before anything of its body is read. Health is not limited.
/// </summary>
internal sealed class LimitedCallers(ICallerSource callers, RateLimiter limiter) : ICallerSource
{
    public ValueTask<Identification> FindAsync(HttpContext context)
    {
        var limits = limiter.Current;
        if (limits is null || context.GetEndpoint()?.Metadata.GetMetadata<OpenToAllAttribute>() is not null)
        {
            return callers.FindAsync(context);
        }

        return Precheck(limits, context) is { } refused ? new(refused) : JudgeAsync(limits, context, callers.FindAsync(context));
    }

    public ValueTask<Identification> IdentifyAsync(HttpContext context) => limiter.Current is not { } limits
        ? callers.IdentifyAsync(context)
        : Precheck(limits, context) is { } refused ? new(refused)
        : JudgeAsync(limits, context, callers.IdentifyAsync(context));

    private static Identification? Precheck(RateLimiter.Tables limits, HttpContext context)
    {
        var address = RateLimiter.KeyOf(context);
        var refusal = limits.TakeOfAddress(address)
            ?? (limits.CountsFailedLogins && Credentials.AreShown(context.Request) ? limits.FindFailedLogins(address) : null);
        return refusal is null ? null : new Identification(Caller: null, refusal);
    }

    private static ValueTask<Identification> JudgeAsync(
        RateLimiter.Tables limits, HttpContext context, ValueTask<Identification> finding)
    {
        if (finding.IsCompletedSuccessfully)
        {
            return new(Judge(limits, context, finding.Result));
        }

        return AwaitAsync(limits, context, finding);

        static async ValueTask<Identification> AwaitAsync(
            RateLimiter.Tables limits, HttpContext context, ValueTask<Identification> finding) =>
            Judge(limits, context, await finding);
    }

    private static Identification Judge(RateLimiter.Tables limits, HttpContext context, in Identification found)
    {
        if (found.Caller is { } caller)
        {
            return limits.TakeOfPrincipal(RateLimiter.PrincipalOf(caller)) is { } refusal
                ? new Identification(Caller: null, refusal)
                : found;
        }

        // Whoever shows nothing tries nothing, and a certificate cannot be guessed.
        if (found.Refusal is { } wrong && wrong.Type == AccessErrorTypes.Unauthenticated && wrong.Has("reason")
            && Credentials.AreShown(context.Request))
        {
            limits.CountFailedLogin(RateLimiter.KeyOf(context));
        }

        return found;
    }
}
