namespace Httpmq.Client;

/// <summary>Turns what goes wrong with a connection into the library's own exception.</summary>
internal static class Calls
{
    /// <summary>Sends a request. What the caller cancels stays a cancellation.</summary>
    /// <param name="client">The connections.</param>
    /// <param name="request">The request.</param>
    /// <param name="until">The whole answer, or its headers.</param>
    /// <param name="cancellationToken">The caller's.</param>
    public static async Task<HttpResponseMessage> CallAsync(
        this HttpClient client, HttpRequestMessage request, HttpCompletionOption until, CancellationToken cancellationToken)
    {
        try
        {
            return await client.SendAsync(request, until, cancellationToken).ConfigureAwait(false);
        }
        catch (HttpRequestException exception)
        {
            throw new HttpmqUnreachableException(request.RequestUri, exception);
        }
        catch (OperationCanceledException exception) when (exception.InnerException is TimeoutException timeout)
        {
            throw new HttpmqUnreachableException(request.RequestUri, timeout);
        }
    }
}
