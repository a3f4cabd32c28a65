using Httpmq.Api.Bodies;
using Httpmq.Api.Http;
using Httpmq.Api.RateLimits;
using Httpmq.Application.Publishing;

namespace Httpmq.Api.Publishing;

/// <summary>Opens batches, with what all of them need.</summary>
internal sealed class BatchPublications(
    OpenStreams streams,
    BodyBuffers buffers,
    UnknownNames unknown,
    RateLimiter rates,
    IHostApplicationLifetime lifetime,
    TimeProvider time)
{
    /// <summary>Runs one batch, which has its place, to its end; it is disposed and the place given back then.</summary>
    public async Task RunAsync(HttpContext http, PublishBatch batch)
    {
        LongRequest.LeaveOutOfDurations(http);
        try
        {
            using var open = batch;
            var publication = new BatchPublication(http, batch, buffers, unknown, rates.Of(http), time, lifetime.ApplicationStopping);
            await streams.RunAsync(publication, publication.RunAsync);
        }
        finally
        {
            streams.LeaveBatch();
        }
    }
}
