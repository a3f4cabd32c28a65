using Microsoft.AspNetCore.Http.Features;

namespace Httpmq.Api.Http;

/// <summary>Requests that stay open as long as their clients like.</summary>
internal static class LongRequest
{
    /// <summary>
    /// Keeps it out of the server's histogram of durations, which would tell how long clients stay and not how fast answers are.
    /// </summary>
    public static void LeaveOutOfDurations(HttpContext context)
    {
        if (context.Features.Get<IHttpMetricsTagsFeature>() is { } metrics)
        {
            metrics.MetricsDisabled = true;
        }
    }
}
