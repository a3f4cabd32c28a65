using Httpmq.Api.Bodies;
using Httpmq.Api.Http;
using Httpmq.Application.Publishing;

namespace Httpmq.Api.Publishing;

/// <summary>Opens batches, with what all of them need.</summary>
internal sealed class BatchPublications(
    OpenStreams streams, BodyBuffers buffers, UnknownNames unknown, IHostApplicationLifetime lifetime, TimeProvider time)
{
    /// <summary>Runs one batch to its end, and disposes it.</summary>
    public async Task RunAsync(HttpContext http, PublishBatch batch)
    {
        using var open = batch;
        var publication = new BatchPublication(http, batch, buffers, unknown, time, lifetime.ApplicationStopping);
        await streams.RunAsync(publication, publication.RunAsync);
    }
}
