namespace Httpmq.Client;

/// <summary>Turns what goes wrong with a connection into the library's own exception.</summary>
internal sealed class UnreachableHandler(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (HttpRequestException exception)
        {
            throw new HttpmqUnreachableException(request.RequestUri, exception);
        }
    }
}
