import real from "../../../../workers/orders/index.ts";
import { watchConsumer } from "./consumer.ts";

export default watchConsumer(real);
