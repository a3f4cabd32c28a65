namespace Httpmq.Api.OpenApi;

/// <summary>
/// Lets Swagger UI run a subscribe. It shows an answer when it has all of it, and a subscription has no end; so the page
/// takes what comes within some seconds, and unsubscribes.
/// </summary>
internal static class SwaggerStreams
{
    public const string Script = """
        <script>
          const fetchAll = window.fetch;
          window.fetch = async (resource, options) => {
            const response = await fetchAll(resource, options);
            if (!(response.headers.get('content-type') ?? '').startsWith('text/event-stream')) {
              return response;
            }
            const reader = response.body.getReader();
            const decoder = new TextDecoder();
            let text = '';
            const enough = setTimeout(() => reader.cancel(), 5000);
            for (let part = await reader.read(); !part.done; part = await reader.read()) {
              text += decoder.decode(part.value, { stream: true });
            }
            clearTimeout(enough);
            const shown = new Response(text, { status: response.status, headers: response.headers });
            Object.defineProperty(shown, 'url', { value: response.url });
            return shown;
          };
        </script>
        """;
}
